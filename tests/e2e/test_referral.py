# SPDX-License-Identifier: GPL-3.0-or-later
"""The first server refers, the second one serves the boot."""

import pytest

from lab import bootferry, dhcp_servers, network
from lab.machine import MAC

SECOND = "10.238.0.3"
ONLY_FILES = {"services": {"proxydhcp": False, "boot_service": False}}
# What each firmware loads from the second server first.
PXELINUX = {"bios": "bios/pxelinux.0", "x64": "x64/snponly.efi"}
IPXE = {"bios": "bios/undionly.kpxe", "x64": "x64/snponly.efi"}


@pytest.fixture
def servers(lab, marker):
    """servers(files, **config of the first) -> (first, second), running; all of the lan is referred."""
    if not bootferry.binary():
        pytest.skip("no bootferry program: build it, or set BOOTFERRY_BIN")
    host = network.Host(lab, "second")
    host.join(lab.lan, "eth0", f"{SECOND}/24")

    def start(files, **config):
        # Files and scripts alone: whatever the firmware is told, it is told by the first.
        second = bootferry.Bootferry(lab, host, "second", **ONLY_FILES).start()
        second.deploy(second.add_marker(marker), to=MAC)
        first = bootferry.Bootferry(lab, referrals={"probe_seconds": 1}, **config).start()
        first.deploy(first.add_marker(marker, "unwanted"), to=MAC)
        first.cli("server", "add", "second", "--address", SECOND,
                  *(f"--file={arch}={path}" for arch, path in files.items()))
        first.cli("referral", "add", "away", "--share", "second")
        first.cli("network", "add", "lan", "--subnet", "10.238.0.0/24", "--referral", "away")
        return first, second
    return start


def only_the_second_booted_it(first, second):
    assert "unwanted" not in second.log() and "boots unwanted" not in first.log()
    assert "boot-loop" not in first.log() + second.log()
    assert f"{MAC}: boots marker" in second.log()


@pytest.mark.parametrize("firmware, files", [
    ("bios", PXELINUX),
    ("bios", IPXE),  # the ROM is an iPXE, and goes on to a script
    ("uefi", IPXE),
], ids=["pxelinux", "ipxe", "uefi"])
@pytest.mark.deadline(300)
def test_the_second_server_serves_the_boot(lab, capture, servers, marker, power_on, firmware, files):
    dhcp_servers.plain(lab)
    first, second = servers(files)
    pc = power_on(firmware)
    pc.wait_for(marker.line, 250)
    assert {server for _, _, server in capture.tftp_requests()} <= {SECOND}, "no file came from the first"
    assert "referred to second" in first.log()
    only_the_second_booted_it(first, second)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("firmware, boot_file", [
    ("bios", f"http://{network.BOOT_SERVER}/boot.ipxe"),
    ("bios", "bios/undionly.kpxe"),
    ("uefi", "x64/snponly.efi"),
])
@pytest.mark.deadline(300)
def test_options_66_and_67_lead_to_the_first_and_it_to_the_second(lab, capture, servers, marker, power_on, firmware,
                                                                  boot_file):
    """A referral of the second order: what the first one gives, asks it once more."""
    dhcp_servers.plain(lab, tftp_server=network.BOOT_SERVER, boot_file=boot_file)
    first, second = servers(IPXE, **ONLY_FILES)
    pc = power_on(firmware)
    pc.wait_for("on to second", 150)
    pc.wait_for(marker.line, 150)
    assert not capture.packets(f"udp port 67 and src host {network.BOOT_SERVER}"), "the DHCP server alone spoke"
    assert {server for _, name, server in capture.http_requests() if name.endswith("linux")} == {SECOND}
    only_the_second_booted_it(first, second)
    print(f"{pc.seconds():.0f} s")


def test_pxelinux_cannot_be_sent_on(lab, capture, servers, power_on):
    dhcp_servers.plain(lab, tftp_server=network.BOOT_SERVER, boot_file="bios/pxelinux.0")
    servers(PXELINUX, **ONLY_FILES)
    pc = power_on("bios")
    pc.wait_for("referred to second", 90)
    pc.wait_for("Booting from Hard Disk", 60)
    assert not [name for _, name, _ in capture.tftp_requests() if name.endswith("linux")]
    print(f"{pc.seconds():.0f} s")
