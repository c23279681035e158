# SPDX-License-Identifier: GPL-3.0-or-later
"""UEFI machines beside an untouched DHCP server."""

import pytest

from lab import dhcp_servers, network
from lab.capture import DHCP
from lab.machine import MAC


@pytest.mark.parametrize("dhcp", [
    pytest.param(dhcp_servers.plain, marks=pytest.mark.ci),
    dhcp_servers.without_siaddr,
])
def test_pxe(lab, capture, server, marker, power_on, dhcp):
    dhcp(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("uefi")
    pc.wait_for(marker.line, 150)
    # A loop would load the loader again and again. Two: the size probe and the file.
    loaders = [name for _, name, _ in capture.tftp_requests() if name.endswith(".efi")]
    assert len(loaders) <= 2
    print(f"{pc.seconds():.0f} s")


def test_ipxe_rom(lab, capture, server, marker, power_on):
    """An e1000 under OVMF runs the iPXE ROM's EFI driver, not EDK2's PXE client."""
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("uefi", nic="e1000")
    pc.wait_for(marker.line, 150)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.ci
def test_http_boot(lab, capture, server, marker, power_on):
    """The boot URI comes in a proxy OFFER; TFTP is not involved."""
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("uefi-http")
    pc.wait_for(marker.line, 150)
    assert not capture.tftp_requests()
    offers = [p for p in capture.packets(DHCP)
              if p["IP"].src == network.BOOT_SERVER and b"HTTPClient" in bytes(p)]
    assert offers and all(p["BOOTP"].yiaddr == "0.0.0.0" for p in offers)
    print(f"{pc.seconds():.0f} s")
