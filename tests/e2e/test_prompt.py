# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that is not named asks first; unattended, it goes on to its own disk."""

import time

import pytest

from lab import dhcp_servers, network

SECONDS = 4
SCRIPT = {"bios_ipxe": "script"}
PXELINUX = {"bios_ipxe": "pxelinux"}
SHIM = {"unknown_uefi": "shim"}


@pytest.fixture
def offered_to_all(lab, capture, server, marker):
    def start(chain):
        needs = {"next_server": network.BOOT_SERVER} if chain == SHIM else {}
        dhcp_servers.plain(lab, **needs)
        bootferry = server(boot={"prompt_seconds": SECONDS, **chain})
        bootferry.deploy(bootferry.add_marker(marker, name="everybody"), to="all")
    return start


def press(machine, keys):
    for key in keys:
        machine.send_key(key)
        time.sleep(0.1)  # the BIOS's keyboard buffer is small


def no_kernel_was_fetched(capture):
    return not [name for _, name, _ in capture.http_requests() + capture.tftp_requests()
                if name.endswith("linux")]


@pytest.mark.deadline(240)
@pytest.mark.parametrize("chain, firmware, keys", [
    pytest.param(SCRIPT, "bios", ["b"], marks=pytest.mark.ci, id="script"),
    pytest.param(PXELINUX, "bios", [*"network", "ret"], id="pxelinux"),
    pytest.param(SHIM, "uefi", ["up", "ret"], id="grub"),
    pytest.param(SHIM, "uefi-secure", ["up", "ret"], id="grub-secure"),
])
def test_a_key_boots_it(offered_to_all, marker, power_on, chain, firmware, keys):
    offered_to_all(chain)
    pc = power_on(firmware)
    pc.wait_for("everybody", 90)
    press(pc, keys)
    pc.wait_for(marker.line, 120)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("chain", [SCRIPT, PXELINUX], ids=["script", "pxelinux"])
def test_no_key_leaves_the_machine_alone(offered_to_all, capture, power_on, chain):
    offered_to_all(chain)
    pc = power_on("bios")
    pc.wait_for("everybody", 90)
    pc.wait_for("Booting from Hard Disk", 60)
    assert no_kernel_was_fetched(capture), "the kernel was fetched though nobody asked for it"
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
@pytest.mark.parametrize("firmware", ["uefi", "uefi-secure"])
def test_no_key_starts_the_disks_own_loader(offered_to_all, installed_disk, capture, power_on,
                                            firmware):
    """GRUB does it: firmware need not go on to the disk after a GRUB that ended."""
    offered_to_all(SHIM)
    pc = power_on(firmware, disk_files=installed_disk)
    pc.wait_for("everybody", 90)
    # GRUB measures its clock in one millisecond at its start. On a busy host it came out
    # so wrong that the menu's four seconds took 37.
    pc.wait_for("the loader on the disk runs", 150)
    assert no_kernel_was_fetched(capture), "the kernel was fetched though nobody asked for it"
    print(f"{pc.seconds():.0f} s")
