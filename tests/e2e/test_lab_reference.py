# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself, proven with dnsmasq as the boot server. A boot that fails
here fails because of the lab."""

import pytest

from lab import dhcp_servers, network
from lab.capture import DHCP
from lab.process import wait_until
from lab.reference import ReferenceServer

pytestmark = [pytest.mark.reference]


@pytest.mark.parametrize("nic", ["virtio-net-pci", "e1000"])
def test_bios(lab, capture, marker, power_on, nic):
    dhcp_servers.plain(lab)
    ReferenceServer(lab, marker).proxy()
    pc = power_on("bios", nic=nic)
    assert "reference=ipxe" in pc.wait_for(marker.line, 120)["cmdline"]
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("dhcp", [dhcp_servers.plain, dhcp_servers.without_siaddr])
def test_uefi(lab, capture, marker, power_on, dhcp):
    dhcp(lab)
    ReferenceServer(lab, marker).proxy()
    pc = power_on("uefi")
    assert "reference=ipxe" in pc.wait_for(marker.line, 150)["cmdline"]
    print(f"{pc.seconds():.0f} s")


def test_http_boot(lab, capture, marker, power_on):
    dhcp_servers.plain(lab)
    ReferenceServer(lab, marker).proxy()
    pc = power_on("uefi-http")
    assert "reference=ipxe" in pc.wait_for(marker.line, 150)["cmdline"]
    first = next(p for p in capture.packets(DHCP) if p["BOOTP"].op == 1)
    assert b"HTTPClient:Arch:00016" in bytes(first), "this firmware does not begin with HTTP Boot"
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(240)
def test_secure_boot(lab, capture, marker, power_on):
    dhcp_servers.plain(lab, next_server=network.BOOT_SERVER)
    ReferenceServer(lab, marker).proxy("bootnetx64.efi")
    pc = power_on("uefi-secure")
    assert "reference=grub" in pc.wait_for(marker.line, 200)["cmdline"]
    assert "ecure boot enabled" in pc.console()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_behind_a_relay(lab, capture, marker, power_on, firmware):
    dhcp_servers.plain(lab)
    ReferenceServer(lab, marker).proxy()
    lab.start_relay()
    pc = power_on(firmware, lab.far)
    pc.wait_for(marker.line, 150)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_option_60_alone_leads_to_port_4011(lab, capture, power_on, firmware):
    dhcp_servers.plain(lab, vendor_class="PXEClient")
    power_on(firmware)
    request = wait_until(lambda: capture.packets("udp dst port 4011"), 60, "a request to port 4011")
    assert request[0]["IP"].dst == network.DHCP_SERVER


def test_another_servers_script_url(lab, capture, marker, power_on):
    dhcp_servers.plain(lab, tftp_server=network.BOOT_SERVER,
                       boot_file=f"http://{network.BOOT_SERVER}/boot.ipxe")
    ReferenceServer(lab, marker)
    pc = power_on("bios")
    pc.wait_for(marker.line, 120)
    print(f"{pc.seconds():.0f} s")
