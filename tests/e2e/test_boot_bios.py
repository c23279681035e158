# SPDX-License-Identifier: GPL-3.0-or-later
"""BIOS machines beside an untouched DHCP server."""

import pytest

from lab import dhcp_servers
from lab.machine import MAC
from lab.marker import DEBIAN_TREE


@pytest.mark.parametrize("nic", [
    pytest.param("virtio-net-pci", marks=pytest.mark.ci),
    "e1000",
])
@pytest.mark.deadline(300)
def test_debian_installer(lab, capture, server, power_on, nic):
    """The whole netboot tree, up to the installer's first question."""
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.cli("image", "add", "debian-12", "--tree", DEBIAN_TREE, "--cmdline", "console=ttyS0")
    bootferry.deploy("debian-12", to=MAC)
    pc = power_on("bios", nic=nic, memory=1024)
    pc.wait_for("Linux version 6", 120)
    pc.wait_for("Select a language|Choose language", 240)
    assert capture.http_requests(), "an iPXE ROM loads over HTTP"
    print(f"{pc.seconds():.0f} s")


@pytest.mark.ci
def test_ipxe_script(lab, capture, server, marker, power_on):
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker, cmdline="console=ttyS0 quoted=a,b%20c"), to=MAC)
    pc = power_on("bios")
    assert "quoted=a,b%20c" in pc.wait_for(marker.line, 120)["cmdline"]
    print(f"{pc.seconds():.0f} s")


@pytest.mark.ci
def test_pxelinux(lab, capture, server, marker, power_on):
    """ROMs without iPXE load pxelinux; QEMU's ROM is told to do the same."""
    dhcp_servers.plain(lab)
    bootferry = server(boot={"bios_ipxe": "pxelinux"})
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("bios")
    pc.wait_for(marker.line, 150)
    assert not capture.http_requests()
    print(f"{pc.seconds():.0f} s")


def test_dhcp_server_without_siaddr(lab, capture, server, marker, power_on):
    dhcp_servers.without_siaddr(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("bios")
    pc.wait_for(marker.line, 120)
    print(f"{pc.seconds():.0f} s")
