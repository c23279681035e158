# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that wait for an administrator, and machines that ask which of several to boot."""

import pytest

from lab import dhcp_servers, network
from lab.machine import MAC
from lab.process import wait_until

SCRIPT = {"bios_ipxe": "script"}
PXELINUX = {"bios_ipxe": "pxelinux"}
SHIM = {"unknown_uefi": "shim"}
NUMBERED = r"approval\. Request 1\."


@pytest.fixture
def adds_strangers(lab, capture, server):
    """adds_strangers(chain) -> a server that lists strangers; they ask each ten seconds."""
    def start(chain):
        needs = {"next_server": network.BOOT_SERVER} if chain == SHIM else {}
        dhcp_servers.plain(lab, **needs)
        bootferry = server(boot=chain)
        administer(bootferry, ("settings", "add_unknown=1", "poll_seconds=10"))
        return bootferry
    return start


def administer(bootferry, *edits):
    """The server is away for a moment; machines that wait ask on, and find their request again."""
    bootferry.stop()
    for arguments in edits:
        bootferry.edit(*arguments)
    bootferry.start()


def wait_until_it_has_asked(pc, bootferry):
    """It has its number on the screen, and ten seconds before it asks again."""
    pc.wait_for(NUMBERED, 150)
    asked = bootferry.log().count(f"{MAC} held back")
    wait_until(lambda: bootferry.log().count(f"{MAC} held back") > asked, 40, "its next question")


@pytest.mark.deadline(500)
@pytest.mark.parametrize("chain, firmware", [
    pytest.param(SCRIPT, "bios", marks=pytest.mark.ci, id="script"),
    pytest.param(SCRIPT, "uefi", id="uefi"),
    pytest.param(PXELINUX, "bios", id="pxelinux"),
    pytest.param(SHIM, "uefi", id="grub"),
])
def test_a_stranger_waits_is_approved_and_boots(adds_strangers, marker, power_on, chain, firmware):
    bootferry = adds_strangers(chain)
    bootferry.add_marker(marker)
    pc = power_on(firmware)
    wait_until_it_has_asked(pc, bootferry)
    assert f"{MAC} waits for an approval: request 1, device pending-1" in bootferry.log()
    bootferry.stop()
    bootferry.edit("approve", MAC)
    bootferry.deploy("marker", to=MAC)
    bootferry.start()
    pc.wait_for(marker.line, 250)
    assert "boot-loop" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
@pytest.mark.parametrize("chain", [SCRIPT, PXELINUX], ids=["script", "pxelinux"])
def test_a_stranger_is_rejected_and_goes_to_its_disk(adds_strangers, power_on, chain):
    bootferry = adds_strangers(chain)
    pc = power_on("bios")
    wait_until_it_has_asked(pc, bootferry)
    administer(bootferry, ("reject", MAC))
    pc.wait_for("rejected", 60)
    pc.wait_for("Booting from Hard Disk", 60)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
def test_a_menu_of_two(lab, capture, server, marker, power_on):
    dhcp_servers.plain(lab)
    bootferry = server(boot={"prompt_seconds": 60})
    for name in ("first", "second"):
        bootferry.add_marker(marker, name=name, cmdline=f"console=ttyS0 chosen={name}")
    administer(bootferry, ("deployment", "The first one", "first", MAC, "-"),
               ("deployment", "The second one", "second", MAC, "-"))
    pc = power_on("bios")
    pc.wait_for("The first one", 90)
    pc.wait_for("Boot from the local disk", 20)
    pc.send_key("1")  # the newest comes first
    assert "chosen=second" in pc.wait_for(marker.line, 120)["cmdline"]
    print(f"{pc.seconds():.0f} s")


@pytest.fixture
def rom_menu(lab, capture, server, marker):
    """Without HTTP there is no loader of ours for UEFI: the firmware's own menu asks."""
    dhcp_servers.plain(lab)
    bootferry = server(services={"http": False}, boot={"prompt_seconds": 20})
    bootferry.add_marker(marker, name="tools")
    administer(bootferry, ("program", "net", "x64", "-", "x64/snponly.efi"),
               ("program", "grub", "x64", "-", "x64/grubx64.efi"),
               ("deployment", "GRUB", "tools", MAC, "grub"), ("deployment", "Network", "tools", MAC, "net"))
    return bootferry


@pytest.mark.deadline(300)
def test_uefi_firmware_shows_the_menu_by_itself(rom_menu, power_on):
    pc = power_on("uefi")
    pc.wait_for("F8: Bootferry's menu", 90)
    pc.send_key("f8")
    pc.wait_for("Network", 20)
    pc.send_key("down")
    pc.send_key("ret")
    pc.wait_for("iPXE", 60)
    bootferry = rom_menu
    bootferry.wait_for_log("has x64/snponly.efi")
    assert "grubx64.efi" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
def test_silence_before_that_menu_is_the_disk(rom_menu, power_on):
    pc = power_on("uefi")
    pc.wait_for("F8: Bootferry's menu", 90)
    pc.wait_for(r">>Start HTTP Boot|Shell>|failed to (load|start)", 90)  # the next boot option
    assert "shows a menu" in rom_menu.log() and " tftp: " not in rom_menu.log()
    print(f"{pc.seconds():.0f} s")
