# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that is not named asks first; unattended, it goes on to its own disk."""

import time

import pytest

from lab import dhcp_servers

SECONDS = 4


@pytest.fixture
def offered_to_all(lab, capture, server, marker):
    def start(**boot):
        dhcp_servers.plain(lab)
        bootferry = server(boot={"prompt_seconds": SECONDS, **boot})
        bootferry.deploy(bootferry.add_marker(marker, name="everybody"), to="all")
    return start


def press(machine, keys):
    for key in keys:
        machine.send_key(key)
        time.sleep(0.1)  # the BIOS's keyboard buffer is small


@pytest.mark.parametrize("bios_ipxe, keys", [
    pytest.param("script", ["b"], marks=pytest.mark.ci),
    ("pxelinux", [*"network", "ret"]),
])
def test_a_key_boots_it(offered_to_all, marker, power_on, bios_ipxe, keys):
    offered_to_all(bios_ipxe=bios_ipxe)
    pc = power_on("bios")
    pc.wait_for("everybody", 60)
    press(pc, keys)
    pc.wait_for(marker.line, 120)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("bios_ipxe", ["script", "pxelinux"])
def test_no_key_leaves_the_machine_alone(offered_to_all, capture, power_on, bios_ipxe):
    offered_to_all(bios_ipxe=bios_ipxe)
    pc = power_on("bios")
    pc.wait_for("everybody", 60)
    pc.wait_for("Booting from Hard Disk", 60)
    assert not [name for _, name, _ in capture.http_requests() + capture.tftp_requests()
                if name.endswith("linux")], "the kernel was fetched though nobody asked for it"
    print(f"{pc.seconds():.0f} s")
