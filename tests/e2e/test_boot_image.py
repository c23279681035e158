# SPDX-License-Identifier: GPL-3.0-or-later
"""Bootferry's own boot image, from packages to the report of a machine that booted it."""

import json
import re
import shutil
import subprocess

import pytest

from lab import bootferry as lab_bootferry
from lab import dhcp_servers, network
from lab.bootferry import REPOSITORY
from lab.machine import MAC, UUID
from lab.process import wait_until

PACKAGES = REPOSITORY / "build/packages"  # one download a machine
BUILDING = 170  # seconds
WITHIN = 120  # seconds from power-on to the report
DEVICE = MAC.replace(":", "-")


@pytest.fixture(scope="session")
def packages():
    """In here there is a network; the lab has none."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", "linux-image-amd64"],
                           capture_output=True, text=True).stdout
    kernel = re.search(r"^Depends:.*?(linux-image-\S+)", shown, re.M)
    fetched = kernel and subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=", "download", kernel[1],
                                         "busybox-static", "systemd-boot-efi"], cwd=PACKAGES, capture_output=True)
    if not kernel or fetched.returncode:
        pytest.skip("Debian's kernel package cannot be had here")
    return PACKAGES


@pytest.fixture(scope="session")
def workshop_image(packages, tmp_path_factory):
    """One with a debug shell, and as a unified kernel image: a folder."""
    if not lab_bootferry.binary():
        pytest.skip("no bootferry program: build it, or set BOOTFERRY_BIN")
    output = tmp_path_factory.mktemp("image")
    subprocess.run([lab_bootferry.binary(), "image", "build", "--output", output, "--packages", packages,
                    "--debug-shell", "--uki"], check=True, timeout=BUILDING)
    return output


@pytest.fixture
def built(server, packages):
    """A Bootferry that has the image, and gives it to the machine until it is done."""
    bootferry = server()
    bootferry.cli("image", "build", "--packages", packages, timeout=BUILDING)
    return bootferry


def require(bootferry):
    bootferry.cli("deploy", "agent", "--to", MAC, "--required", "--yes")


def facts_of(bootferry):
    done = bootferry.cli("run", "facts", MAC, "--json", check=False)
    return json.loads(done.stdout)["facts"] if done.returncode == 0 else None


def check_facts(facts, firmware):
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


@pytest.mark.ci
@pytest.mark.deadline(400)
def test_bios_machine_reports_what_it_is(lab, built, power_on):
    """As an administrator does it: build, deploy, power on, look."""
    dhcp_servers.plain(lab)
    require(built)
    pc = power_on("bios")
    pc.wait_for("bootferry: facts reported to", WITHIN)
    print(f"{pc.seconds():.0f} s")
    pc.wait_for("the machine restarts in", 20)
    built.wait_for_log('" done')
    check_facts(wait_until(lambda: facts_of(built), 10, "the facts"), "bios")
    shown = built.cli("run", "facts", MAC).stdout
    assert re.search(rf"^UUID +{UUID}$", shown, re.M) and re.search(rf"^interface +eth0 {MAC} virtio_net, ", shown, re.M)
    [log] = (built.state / "runs").glob("*.log")
    assert "facts reported to" in log.read_text() and "Linux version 6" in log.read_text()


def add(bootferry, image, words=""):
    bootferry.cli("image", "add", "agent", "--kernel", image / "vmlinuz", "--initrd", image / "initrd.img",
                  "--cmdline", f"console=tty0 console=ttyS0 {words}")
    return bootferry


@pytest.fixture
def workshop(server, workshop_image):
    """Bootferry with the other image."""
    return add(server(), workshop_image, "bootferry.debug-shell")


@pytest.mark.deadline(300)
def test_uefi_machine_reports_what_it_is(lab, workshop, power_on):
    dhcp_servers.plain(lab)
    require(workshop)
    pc = power_on("uefi")
    pc.wait_for("bootferry: facts reported to", WITHIN)
    print(f"{pc.seconds():.0f} s")
    workshop.wait_for_log('" done', 20)
    check_facts(wait_until(lambda: facts_of(workshop), 10, "the facts"), "uefi")


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.deadline(400)
def test_unified_image_reports_what_the_machine_is(lab, server, workshop_image, power_on, firmware):
    """UEFI starts it as it is, a BIOS the kernel inside it."""
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.cli("image", "add", "agent", "--uki", workshop_image / "bootferry.efi")
    require(bootferry)
    pc = power_on(firmware)
    pc.wait_for("bootferry: facts reported to", 2 * WITHIN)
    print(f"{pc.seconds():.0f} s")
    bootferry.wait_for_log('" done', 20)
    check_facts(wait_until(lambda: facts_of(bootferry), 10, "the facts"), firmware)
    fetched = [name for name in ("uki.efi", "initrd", "linux") if f"images/agent/1/{name}" in bootferry.log()]
    assert fetched == (["initrd", "linux"] if firmware == "bios" else ["uki.efi"])


@pytest.mark.deadline(300)
def test_under_secure_boot(lab, server, workshop_image, power_on):
    """Kernel and modules are Debian's, signed: its own shim and GRUB start them."""
    dhcp_servers.plain(lab, next_server=network.BOOT_SERVER)
    bootferry = add(server(boot={"unknown_uefi": "shim"}), workshop_image)
    require(bootferry)
    pc = power_on("uefi-secure")
    pc.wait_for("bootferry: facts reported to", 200)
    facts = wait_until(lambda: facts_of(bootferry), 10, "the facts")
    assert facts["firmware"] == {"kind": "uefi", "secure_boot": True}
    assert facts["interfaces"][0]["driver"] == "virtio_net"


@pytest.mark.deadline(300)
def test_a_server_that_is_away_is_asked_again(lab, workshop, power_on):
    dhcp_servers.plain(lab)
    require(workshop)
    pc = power_on("bios")
    pc.wait_for("bootferry: Bootferry's agent", WITHIN)
    workshop.stop()
    pc.wait_for("does not take the facts: Connection refused; again in", 60)
    workshop.start()
    pc.wait_for("bootferry: facts reported to", 90)
    workshop.wait_for_log('" done', 20)


@pytest.mark.deadline(300)
def test_a_failure_opens_the_shell_that_was_built_in(lab, workshop, power_on):
    """Nothing is required, so there is nobody to report to."""
    dhcp_servers.plain(lab)
    workshop.deploy("agent", to=MAC)
    pc = power_on("bios")
    pc.wait_for("nobody asked for a report", WITHIN)
    pc.wait_for("a shell is open here", 20)
    pc.wait_for("~ #|/ #", 20)
    assert "restarts in" not in pc.console()


@pytest.mark.deadline(300)
def test_without_its_word_there_is_no_shell_but_a_restart(lab, workshop, workshop_image, power_on):
    dhcp_servers.plain(lab)
    add(workshop, workshop_image).deploy("agent", to=MAC)
    pc = power_on("bios")
    pc.wait_for("the machine restarts in 58 s", WITHIN)
    assert "a shell is open" not in pc.console()


@pytest.mark.deadline(500)
def test_unified_image_waits_for_a_network(lab, workshop_image, power_on):
    """Started from a disk, where there is no DHCP server at first."""
    files = lab.scratch / "esp"
    (files / "EFI/BOOT").mkdir(parents=True)
    shutil.copy(workshop_image / "bootferry.efi", files / "EFI/BOOT/BOOTX64.EFI")
    pc = power_on("uefi", disk_files=files)
    pc.wait_for(rf"waiting: eth0 \({MAC}\) waits for a lease", 300)
    dhcp_servers.plain(lab)
    pc.wait_for("bootferry: address 10.238.0.", 90)
    pc.wait_for("nobody asked for a report", 20)
