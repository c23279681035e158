# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines on another segment, behind a DHCP relay that sends to both servers."""

import pytest

from lab import dhcp_servers
from lab.capture import Capture
from lab.machine import MAC


@pytest.mark.parametrize("firmware", [
    pytest.param("bios", marks=pytest.mark.ci),
    "uefi",
    "uefi-http",
])
def test_behind_a_relay(lab, capture, server, marker, power_on, firmware):
    dhcp_servers.plain(lab)
    far = Capture(lab.far)
    lab.start_relay()
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    pc = power_on(firmware, lab.far)
    pc.wait_for(marker.line, 150)
    if firmware == "uefi-http":
        assert not far.tftp_requests(), "that was PXE, not HTTP Boot"
    print(f"{pc.seconds():.0f} s")
