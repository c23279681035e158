# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that wait for an administrator, and machines that ask which of several to boot."""

import json

import pytest

from lab import dhcp_servers, network
from lab.machine import MAC
from lab.process import wait_until

SCRIPT = {"bios_ipxe": "script"}
PXELINUX = {"bios_ipxe": "pxelinux"}
SHIM = {"unknown_uefi": "shim"}
NUMBERED = r"approval\. Request 1\."
CHAINS = {"script": (SCRIPT, "bios"), "uefi": (SCRIPT, "uefi"), "pxelinux": (PXELINUX, "bios"), "grub": (SHIM, "uefi")}


@pytest.fixture
def adds_strangers(lab, capture, server, marker):
    """adds_strangers(chain) -> a server that lists strangers, who ask each ten seconds; what is
    in its collection «floor» boots the marker."""
    def start(chain):
        needs = {"next_server": network.BOOT_SERVER} if chain == SHIM else {}
        dhcp_servers.plain(lab, **needs)
        bootferry = server(boot=chain)
        bootferry.cli("settings", "set", "add_unknown=yes", "pending.poll_seconds=10")
        bootferry.cli("collection", "add", "floor")
        bootferry.cli("deploy", bootferry.add_marker(marker), "--to", "collection:floor", "--required", "--yes")
        return bootferry
    return start


def administer(bootferry, *edits):
    """Records for which there is no command; the server is away for a moment."""
    bootferry.stop()
    for arguments in edits:
        bootferry.edit(*arguments)
    bootferry.start()


def wait_until_it_asks(bootferry):
    asked = bootferry.log().count(f"{MAC} held back")
    wait_until(lambda: bootferry.log().count(f"{MAC} held back") > asked, 40, "its next question")


def wait_until_it_has_asked(pc, bootferry):
    """It has its number on the screen, and ten seconds before it asks again."""
    pc.wait_for(NUMBERED, 150)
    wait_until_it_asks(bootferry)
    assert f"{MAC} waits for an approval: request 1, device pending-1" in bootferry.log()
    [waiting] = json.loads(bootferry.cli("pending", "list", "--json").stdout)
    assert (waiting["request"], waiting["macs"]) == (1, [MAC])


@pytest.mark.deadline(500)
@pytest.mark.parametrize("chain", [
    pytest.param("script", marks=pytest.mark.ci), "uefi", "pxelinux", "grub"])
def test_a_stranger_waits_is_approved_and_boots(adds_strangers, marker, power_on, chain):
    means, firmware = CHAINS[chain]
    bootferry = adds_strangers(means)
    pc = power_on(firmware)
    wait_until_it_has_asked(pc, bootferry)
    bootferry.cli("pending", "approve", "1", "--name", "pc-1", "--collection", "floor")
    pc.wait_for(marker.line, 250)
    assert 'pc-1: deployment "marker to collection floor" started' in bootferry.log()
    assert "boot-loop" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
def test_a_request_outlives_the_server(adds_strangers, marker, power_on):
    bootferry = adds_strangers(SCRIPT)
    pc = power_on("bios")
    wait_until_it_has_asked(pc, bootferry)
    bootferry.stop()
    bootferry.start()
    wait_until_it_asks(bootferry)
    bootferry.cli("pending", "approve", "1", "--collection", "floor")
    pc.wait_for(marker.line, 120)
    assert "request 2" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(500)
@pytest.mark.parametrize("chain", CHAINS)
def test_a_stranger_is_rejected_and_goes_to_its_disk(adds_strangers, bootable_disk, capture, power_on, chain):
    means, firmware = CHAINS[chain]
    bootferry = adds_strangers(means)
    pc = power_on(firmware, **({} if firmware == "bios" else {"disk_files": bootable_disk}))
    wait_until_it_has_asked(pc, bootferry)
    bootferry.cli("pending", "reject", "1")
    pc.wait_for("rejected", 60)
    pc.wait_for("Booting from Hard Disk" if firmware == "bios" else "the loader on the disk runs", 250)
    assert not [name for _, name, _ in capture.http_requests() + capture.tftp_requests() if name.endswith("linux")]
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
