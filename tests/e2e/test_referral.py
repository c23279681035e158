# SPDX-License-Identifier: GPL-3.0-or-later
"""The first server refers, the second one serves the boot."""

import sqlite3

import pytest

from lab import bootferry, dhcp_servers, network
from lab.machine import MAC

SECOND = "10.238.0.3"


@pytest.fixture
def servers(lab, marker):
    """servers(**config of the first) -> (first, second), running; all of the lan is referred."""
    if not bootferry.binary():
        pytest.skip("no bootferry program: build it, or set BOOTFERRY_BIN")
    host = network.Host(lab, "second")
    host.join(lab.lan, "eth0", f"{SECOND}/24")

    def start(**config):
        # Files and scripts alone: whatever the firmware is told, it is told by the first.
        second = bootferry.Bootferry(lab, host, "second", services={"proxydhcp": False, "boot_service": False})
        second.deploy(second.add_marker(marker), to=MAC)
        first = bootferry.Bootferry(lab, referrals={"probe_seconds": 1}, **config)
        first.cli("deploy", first.add_marker(marker, "unwanted"), "--to", MAC)
        with sqlite3.connect(first.state / "bootferry.db") as database:
            database.executescript(f"""
                INSERT INTO servers (id, name, address, revision) VALUES (1, 'second', '{SECOND}', 1);
                INSERT INTO server_files (server, arch, path)
                    VALUES (1, 'bios', 'bios/pxelinux.0'), (1, 'x64', 'x64/snponly.efi');
                INSERT INTO referrals (id, name, revision) VALUES (1, 'away', 1);
                INSERT INTO referral_shares (referral, position, server, weight) VALUES (1, 0, 1, 1);
                INSERT INTO networks (name, subnet, referral, revision) VALUES ('lan', '10.238.0.0/24', 1, 1);
                """)
        database.close()
        return first.start(), second.start()
    return start


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.deadline(300)
def test_the_second_server_serves_the_boot(lab, capture, servers, marker, power_on, firmware):
    dhcp_servers.plain(lab)
    first, second = servers()
    pc = power_on(firmware)
    pc.wait_for(marker.line, 250)
    assert {server for _, _, server in capture.tftp_requests()} == {SECOND}, "no file came from the first"
    assert "referred to second" in first.log()
    assert "unwanted" not in second.log() and "boots unwanted" not in first.log()
    assert "boot-loop" not in first.log() + second.log()
    print(f"{pc.seconds():.0f} s")
