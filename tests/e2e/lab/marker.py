# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny initrd that proves which kernel and which initrd really ran.

Its /init prints one line on the first serial port and powers the machine off.
The token is baked into the initrd, so that no other file can print it.
"""

import gzip
import os
import pathlib
import re
import secrets
import shutil
import subprocess

DEBIAN_TREE = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text")
DEBIAN_KERNEL = DEBIAN_TREE / "debian-installer/amd64/linux"

INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
# To the port by name: the line must come out whatever console= the boot had.
# The pause lets the kernel's own messages end first; the line starts afresh.
/bin/busybox sleep 1
printf '\\nBOOTFERRY-MARKER kernel=%s initrd=TOKEN cmdline=%s\\n' \
    "$(/bin/busybox uname -r)" "$(/bin/busybox cat /proc/cmdline)" > /dev/ttyS0
/bin/busybox sleep 1
/bin/busybox poweroff -f
"""


# The same behind a network of its own, and with a report to whoever booted it: the lines that
# docs/reporting.md has for anything with a shell.
REPORTING_INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover \
    virtio_net; do
  insmod /modules/$module.ko 2>/dev/null
done
ip link set lo up
ip link set eth0 up
udhcpc -i eth0 -n -q -s /udhcpc >/dev/null 2>&1
FUNCTION
WORDS
sleep 1
printf '\\nBOOTFERRY-MARKER kernel=%s initrd=TOKEN cmdline=%s\\n' "$(uname -r)" "$(cat /proc/cmdline)" > /dev/ttyS0
sleep 1
poweroff -f
"""
UDHCPC = """#!/bin/busybox sh
[ "$1" = bound ] && ip addr add "$ip/$mask" dev "$interface"
"""


def documented_function():
    text = (pathlib.Path(__file__).resolve().parents[3] / "docs/reporting.md").read_text()
    [block] = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return re.match(r"report\(\) \{.*?^\}\n", block, re.M | re.S)[0]


def network_modules(into):
    """Those of a virtio card, from the installer that the kernel belongs to."""
    subprocess.run(f"zcat {DEBIAN_KERNEL.parent / 'initrd.gz'} | cpio -idm --quiet --no-absolute-filenames "
                   "'*/virtio*.ko' '*/failover.ko' '*/net_failover.ko'", shell=True, cwd=into, check=True)
    (into / "modules").mkdir()
    for module in (into / "lib").rglob("*.ko"):
        module.rename(into / "modules" / module.name)
    shutil.rmtree(into / "lib")


class Marker:
    def __init__(self, directory, padding=0, reports=None):
        """padding: extra bytes that do not compress, for the size of a real initrd.
        reports: what it says of itself, as lines of shell («report done»); None: nothing."""
        self.token = secrets.token_hex(8)
        self.kernel = DEBIAN_KERNEL
        self.initrd = pathlib.Path(directory) / f"marker-{self.token}.gz"
        root = pathlib.Path(directory) / f"marker-{self.token}"
        for name in ("bin", "proc", "dev"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        (root / "init").write_text(INIT.replace("TOKEN", self.token))
        if reports is not None:
            network_modules(root)
            (root / "init").write_text(REPORTING_INIT.replace("TOKEN", self.token).replace("WORDS", reports)
                                       .replace("FUNCTION", documented_function()))
            (root / "udhcpc").write_text(UDHCPC)
            (root / "udhcpc").chmod(0o755)
        (root / "init").chmod(0o755)
        if padding:
            (root / "padding").write_bytes(os.urandom(padding))
        names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
        archive = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, check=True,
                                 input=names.encode(), stdout=subprocess.PIPE).stdout
        self.initrd.write_bytes(gzip.compress(archive, 1))
        shutil.rmtree(root)

    @property
    def kernel_release(self):
        """What uname -r will say, read from the kernel file's own header."""
        image = self.kernel.read_bytes()
        offset = int.from_bytes(image[0x20e:0x210], "little") + 0x200  # boot protocol: kernel_version
        return image[offset:offset + 80].split(b" ")[0].decode()

    @property
    def line(self):
        """A pattern for the line on the serial console."""
        return (rf"BOOTFERRY-MARKER kernel={re.escape(self.kernel_release)} "
                rf"initrd={self.token} cmdline=(?P<cmdline>[^\r\n]*)[\r\n]")
