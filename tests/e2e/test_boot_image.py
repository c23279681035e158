# SPDX-License-Identifier: GPL-3.0-or-later
"""Bootferry's own boot image, from packages to the report of a machine that booted it."""

import json

import pytest

from lab import dhcp_servers
from lab.bootferry import REPOSITORY
from lab.machine import MAC, UUID
from lab.process import wait_until

PACKAGES = REPOSITORY / "build/packages"  # one download a machine
WITHIN = 120  # seconds from power-on to the report


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """Built once; the folder with its files."""
    import subprocess

    from lab import bootferry
    program = bootferry.binary()
    if not program:
        pytest.skip("no bootferry program: build it, or set BOOTFERRY_BIN")
    output = tmp_path_factory.mktemp("image")
    done = subprocess.run([program, "image", "build", "--output", output, "--packages", PACKAGES],
                          capture_output=True, text=True, timeout=170)
    if done.returncode and "cannot be" in done.stderr and "package" in done.stderr:
        pytest.skip(f"Debian's packages cannot be had here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return output


def facts_of(bootferry, device):
    done = bootferry.cli("run", "facts", device, "--json", check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


@pytest.mark.deadline(400)
@pytest.mark.parametrize("firmware", [pytest.param("bios", marks=pytest.mark.ci), "uefi"])
def test_machine_reports_what_it_is(lab, server, image, power_on, firmware):
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.cli("image", "add", "agent", "--kernel", image / "vmlinuz", "--initrd", image / "initrd.img",
                  "--cmdline", "console=tty0 console=ttyS0 loglevel=4 panic=60")
    bootferry.cli("deploy", "agent", "--to", MAC, "--required", "--yes")
    pc = power_on(firmware)
    pc.wait_for("bootferry: facts reported to", WITHIN)
    print(f"{pc.seconds():.0f} s")
    pc.wait_for("the machine restarts in", 20)
    bootferry.wait_for_log('" done')
    device = MAC.replace(":", "-")
    told = wait_until(lambda: facts_of(bootferry, device), 10, "the facts")
    facts = told["facts"]
    assert facts["machine"]["uuid"].lower() == UUID
    assert facts["machine"]["arch"] == "x86_64"
    assert facts["firmware"]["kind"] == firmware
    [interface] = facts["interfaces"]
    assert (interface["mac"], interface["driver"], interface["link"]) == (MAC, "virtio_net", True)
    assert any(address.startswith("10.238.0.") for address in interface["addresses"])
    [disk] = facts["disks"]
    assert disk["size"] == 64 << 20
    assert disk["transport"] == ("ata" if firmware == "bios" else "virtio")
    assert facts["processors"]["count"] == 1
    assert 300 << 20 < facts["memory"] <= 512 << 20
    assert "bootferry.report" not in json.dumps(facts), "the report's token is a secret"
    assert 0 < facts["seconds"]["agent"] <= facts["seconds"]["lease"] <= facts["seconds"]["report"]
