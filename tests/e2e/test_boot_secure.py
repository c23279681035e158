# SPDX-License-Identifier: GPL-3.0-or-later
"""Secure Boot with Microsoft's keys: shim, Debian's signed GRUB, Debian's signed kernel."""

import pytest

from lab import dhcp_servers, network
from lab.machine import MAC


@pytest.fixture
def secure_server(server, marker):
    bootferry = server(boot={"unknown_uefi": "shim"})
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    return bootferry


@pytest.mark.ci
@pytest.mark.deadline(240)
def test_with_next_server(lab, capture, secure_server, marker, power_on):
    """GRUB reads the server's address from the DHCP server's ACK and nowhere else."""
    dhcp_servers.plain(lab, next_server=network.BOOT_SERVER)
    pc = power_on("uefi-secure")
    pc.wait_for(marker.line, 200)
    assert "ecure boot enabled" in pc.console()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(240)
@pytest.mark.parametrize("dhcp", [
    pytest.param(dhcp_servers.plain, marks=pytest.mark.ci),
    dhcp_servers.without_siaddr,
])
def test_without_next_server_the_log_says_so(lab, capture, secure_server, power_on, dhcp):
    dhcp(lab)
    pc = power_on("uefi-secure")
    secure_server.wait_for_log("next-server", 120)
    loaded = [name for _, name, host in capture.tftp_requests() if host == network.BOOT_SERVER]
    assert any("grubx64.efi" in name for name in loaded), "said before GRUB was loaded"
    print(f"{pc.seconds():.0f} s")
