# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP servers that do say something about booting, and Bootferry doing only its part."""

import pytest

from lab import dhcp_servers, network
from lab.capture import DHCP
from lab.machine import MAC

ONLY_BOOT_SERVICE = {"services": {"proxydhcp": False, "boot_service": True}}
ONLY_FILES = {"services": {"proxydhcp": False, "boot_service": False}}


@pytest.mark.parametrize("firmware", [
    pytest.param("bios", marks=pytest.mark.ci),
    pytest.param("uefi", marks=pytest.mark.ci),
])
def test_one_host_option_60(lab, capture, server, marker, power_on, firmware):
    """DHCP and Bootferry on one host: port 67 is the DHCP server's, option 60
    sends the machine to port 4011."""
    dhcp_servers.plain(lab, vendor_class="PXEClient")
    bootferry = server(lab.dhcp, **ONLY_BOOT_SERVICE)
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on(firmware)
    pc.wait_for(marker.line, 150)
    assert capture.packets("udp dst port 4011"), "nothing went to port 4011"
    print(f"{pc.seconds():.0f} s")


@pytest.mark.ci
def test_another_servers_script_url(lab, capture, server, marker, power_on):
    """HTTP alone: the DHCP server names the entry script, which knows its machine by MAC."""
    dhcp_servers.plain(lab, tftp_server=network.BOOT_SERVER,
                       boot_file=f"http://{network.BOOT_SERVER}/boot.ipxe")
    bootferry = server(**ONLY_FILES)
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("bios")
    pc.wait_for(marker.line, 120)
    assert not capture.packets(f"{DHCP} and src host {network.BOOT_SERVER}")
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("firmware, boot_file", [
    ("bios", "bios/pxelinux.0"),
    ("uefi", "x64/shimx64.efi"),
    ("uefi", "x64/snponly.efi"),  # its own DHCP round names snponly.efi once more
])
@pytest.mark.deadline(240)
def test_another_servers_boot_file(lab, capture, server, marker, power_on, firmware, boot_file):
    """TFTP alone: options 66 and 67, siaddr and file all come from the DHCP server."""
    dhcp_servers.plain(lab, tftp_server=network.BOOT_SERVER, boot_file=boot_file)
    bootferry = server(**ONLY_FILES)
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on(firmware)
    pc.wait_for(marker.line, 200)
    assert not capture.packets(f"{DHCP} and src host {network.BOOT_SERVER}")
    print(f"{pc.seconds():.0f} s")
