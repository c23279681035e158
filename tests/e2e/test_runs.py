# SPDX-License-Identifier: GPL-3.0-or-later
"""Required deployments from their offer to their end, with a machine that reports."""

import sqlite3

import pytest

from lab import dhcp_servers
from lab.machine import MAC
from lab.marker import Marker

# What the firmware says when nobody serves it.
TO_DISK = {"bios": r"Booting from Hard Disk", "uefi": r'failed to load Boot\d+ "UEFI PXEv4'}


@pytest.fixture
def required(lab, server):
    """required(words, runs) -> Bootferry and the marker that it boots until it is done."""
    def start(words, **runs):
        dhcp_servers.plain(lab)
        marker = Marker(lab.scratch, reports=words)
        bootferry = server(runs=runs)
        bootferry.cli("deploy", bootferry.add_marker(marker), "--to", MAC, "--required", "--yes")
        return bootferry, marker
    return start


def states(bootferry):
    with sqlite3.connect(f"file:{bootferry.state}/bootferry.db?mode=ro", uri=True) as database:
        return database.execute("SELECT state, held, failures, message FROM runs").fetchall()


@pytest.mark.deadline(400)
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_done_and_then_the_disk(required, bootable_disk, power_on, firmware):
    bootferry, marker = required('report progress "50 half way"\nreport done')
    pc = power_on(firmware)
    cmdline = pc.wait_for(marker.line, 150)["cmdline"]
    assert "bootferry.report=http://" in cmdline
    bootferry.wait_for_log('" done')
    for step in ("offered", "started", "done"):
        assert f'{MAC.replace(":", "-")}: deployment "marker to {MAC.replace(":", "-")}" {step}' in bootferry.log()
    assert states(bootferry) == [("done", 0, 0, "")]
    pc.power_off()
    if firmware == "uefi":  # by way of its HTTP Boot, which asks for a minute and more
        power_on(firmware, disk_files=bootable_disk).wait_for("the loader on the disk runs", 200)
    else:
        power_on(firmware).wait_for(TO_DISK[firmware], 120)
    assert bootferry.log().count('deployment "marker') == 3, "nothing was offered a second time"


@pytest.mark.deadline(400)
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_broken_one_is_offered_again_and_then_held(required, power_on, firmware):
    bootferry, marker = required("report failed 'no disk here'", offers_again=1)
    for failures in (1, 2):
        pc = power_on(firmware)
        pc.wait_for(marker.line, 120)
        assert states(bootferry) == [("failed", int(failures == 2), failures, "no disk here")]
        pc.power_off()
    power_on(firmware).wait_for(TO_DISK[firmware], 120)
