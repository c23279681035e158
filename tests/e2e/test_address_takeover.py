# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server remembers of an address must not outlive the machine behind it."""

import pytest

from lab import dhcp_servers
from lab.marker import Marker

FIRST = {"mac": "52:54:00:00:00:01", "uuid": "00000000-0000-0000-0000-000000000001"}
SECOND = {"mac": "52:54:00:00:00:02", "uuid": "00000000-0000-0000-0000-000000000002"}


@pytest.mark.deadline(300)
@pytest.mark.parametrize("bios_ipxe", [
    pytest.param("script", marks=pytest.mark.ci),
    "pxelinux",
])
def test_second_machine_gets_its_own_image(lab, capture, server, power_on, bios_ipxe):
    one_address = (100, 100)
    bootferry = server(boot={"bios_ipxe": bios_ipxe})
    for number, identity in enumerate((FIRST, SECOND)):
        marker = Marker(lab.scratch)
        bootferry.deploy(bootferry.add_marker(marker, name=f"marker-{number}"), to=identity["mac"])
        dhcp = dhcp_servers.plain(lab, pool=one_address)
        pc = power_on("bios", **identity)
        pc.wait_for(marker.line, 150)
        pc.power_off()
        dhcp.stop()  # and forgets its lease: the next machine gets the same address
        print(f"{pc.seconds():.0f} s")
