# SPDX-License-Identifier: GPL-3.0-or-later
"""PXE over IPv6: somebody else's DHCPv6 server names the file, Bootferry serves it by TFTP."""

import re

import pytest

from lab import dhcp_servers, network
from lab.machine import MAC


@pytest.mark.deadline(300)
@pytest.mark.parametrize("dhcpv6", [dhcp_servers.dnsmasq_over_ipv6, dhcp_servers.kea_over_ipv6])
def test_pxe_over_ipv6(lab, capture, server, marker, power_on, dhcpv6):
    """The firmware speaks nothing but IPv6; the iPXE that it loads then asks by DHCPv4."""
    lab.boot.ip(f"addr add {network.BOOT_SERVER_IPV6}/64 dev eth0 nodad")
    dhcp_servers.plain(lab)
    dhcpv6(lab, f"tftp://[{network.BOOT_SERVER_IPV6}]/x64/snponly.efi")
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on("uefi-ipv6")
    pc.wait_for(marker.line, 240)
    over_ipv6 = [name for _, name, host in capture.tftp_requests() if host == network.BOOT_SERVER_IPV6]
    assert over_ipv6 and set(over_ipv6) == {"x64/snponly.efi"}
    assert re.search(r"\[fd00:238::1..\]:\d+ has x64/snponly.efi", bootferry.log())
    print(f"{pc.seconds():.0f} s")
