# SPDX-License-Identifier: GPL-3.0-or-later
"""Another boot server (dnsmasq as proxyDHCP and TFTP, plus an HTTP server) in
Bootferry's place: when a boot fails with both, the lab is at fault."""

import pathlib
import shutil

from . import network
from .marker import DEBIAN_TREE

SNPONLY = pathlib.Path("/usr/lib/ipxe/snponly.efi")
HTTP = f"http://{network.BOOT_SERVER}"


class ReferenceServer:
    def __init__(self, lab, marker):
        self.root = lab.scratch / "tree"
        self.root.mkdir()
        shutil.copy(marker.kernel, self.root / "linux")
        shutil.copy(marker.initrd, self.root / "initrd.gz")
        shutil.copy(SNPONLY, self.root)
        # GRUB's prefix is built into Debian's signed image.
        grub = self.root / "debian-installer/amd64/grub"
        grub.mkdir(parents=True)
        tree = DEBIAN_TREE / "debian-installer/amd64"
        shutil.copy(tree / "bootnetx64.efi", self.root)
        shutil.copy(tree / "grubx64.efi", self.root)
        (grub / "grub.cfg").write_text(
            "set timeout=0\nmenuentry marker {\n"
            " linux /linux console=ttyS0 reference=grub\n initrd /initrd.gz\n}\n")
        (self.root / "boot.ipxe").write_text(
            f"#!ipxe\nkernel {HTTP}/linux initrd=initrd.gz console=ttyS0 reference=ipxe\n"
            f"initrd {HTTP}/initrd.gz\nboot\n")
        lab.boot.spawn("busybox", "httpd", "-f", "-vv", "-p", "80", "-h", self.root, name="httpd")
        self._lab = lab

    def proxy(self, uefi_loader="snponly.efi"):
        server = self._lab.boot.spawn(
            "dnsmasq", "--keep-in-foreground", "--log-facility=-", "--log-dhcp",
            "--conf-file=/dev/null", "--pid-file=", "--user=root", "--port=0",
            "--bind-dynamic", "--interface=eth0",
            "--dhcp-range=10.238.0.0,proxy", "--dhcp-range=10.239.0.0,proxy,255.255.255.0",
            "--enable-tftp", f"--tftp-root={self.root}",
            "--dhcp-userclass=set:ipxe,iPXE",
            f"--pxe-service=tag:ipxe,x86PC,script,{HTTP}/boot.ipxe",
            f"--pxe-service=tag:ipxe,BC_EFI,script,{HTTP}/boot.ipxe",
            f"--pxe-service=tag:!ipxe,BC_EFI,loader,{uefi_loader}",
            f"--pxe-service=tag:ipxe,X86-64_EFI,script,{HTTP}/boot.ipxe",
            f"--pxe-service=tag:!ipxe,X86-64_EFI,loader,{uefi_loader}",
            # Without this dnsmasq does not answer UEFI HTTP Boot (architecture 16) at all.
            "--dhcp-pxe-vendor=PXEClient,HTTPClient",
            "--dhcp-match=set:http,option:client-arch,16",
            f"--dhcp-boot=tag:http,{HTTP}/snponly.efi",
            name="reference")
        server.wait_for("DHCP, proxy")
        return server
