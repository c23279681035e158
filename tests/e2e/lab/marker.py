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


class Marker:
    def __init__(self, directory, padding=0):
        """padding: extra bytes that do not compress, for the size of a real initrd."""
        self.token = secrets.token_hex(8)
        self.kernel = DEBIAN_KERNEL
        self.initrd = pathlib.Path(directory) / f"marker-{self.token}.gz"
        root = pathlib.Path(directory) / f"marker-{self.token}"
        for name in ("bin", "proc", "dev"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        (root / "init").write_text(INIT.replace("TOKEN", self.token))
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
