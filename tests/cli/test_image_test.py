# SPDX-License-Identifier: GPL-3.0-or-later
"""`image test`: boots an image in QEMU; with Debian's installer, which is there anyway."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import cli_site
import pytest
from cli_site import ROOT, one_line
from windows_image import make_wim

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from unified_image import OS_RELEASE, make_uki  # noqa: E402

INSTALLER = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text")
QEMU = pathlib.Path("/usr/bin/qemu-system-x86_64")
pytestmark = pytest.mark.skipif(not QEMU.exists(), reason="qemu-system-x86 is not installed")


@pytest.fixture
def room(site, monkeypatch):
    """Where it puts what it fetches, which must be gone afterwards; no machine may be left either."""
    folder = site.directory / "room"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    assert machines_of(folder) == []


def machines_of(folder):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if words.startswith(bytes(QEMU)) and bytes(folder) in words:
            found.append(process.name)
    return found


@pytest.fixture
def installer(site):
    if not INSTALLER.exists():
        pytest.skip("debian-installer-12-netboot-amd64 is not installed")
    site.good("image", "add", "debian", "--tree", INSTALLER, "--cmdline", "vga=788 ---")  # its own is quiet
    return site


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_an_image_that_boots(installer, room, firmware):
    screen = installer.directory / "screen.png"
    begun = time.monotonic()
    done = cli_site.subprocess.run(
        [cli_site.program, "image", "test", "debian", "--emulate", "--firmware", firmware, "--expect", "Linux version 6",
         "--timeout", "90", "--screen", screen, "--state", installer.state], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    first, *console = done.stdout.splitlines()
    assert first == (f"debian in QEMU, {firmware.upper()}, processor emulated, from memory and not from the network; "
                     "console=ttyS0 is added to its command line"), first
    assert any("Linux version 6" in line for line in console) and "\x1b" not in done.stdout
    assert 'debian: said "Linux version 6" after ' in console[-2] and console[-1] == f"its screen: {screen}"
    assert screen.read_bytes().startswith(b"\x89PNG")
    print(f"{time.monotonic() - begun:.0f} s")


def test_an_image_that_does_not_come_so_far(installer, room):
    screen = installer.directory / "screen.ppm"
    done = installer.run("image", "test", "debian", "--emulate", "--expect", "it never says that", "--timeout", "3",
                         "--screen", screen, "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert (said["image"], said["firmware"], said["accelerator"], said["reached"]) == ("debian", "bios", "tcg", "")
    assert "did not say what was waited for in 3 s" in said["why_not"] and said["seconds"] in (3, 4)
    assert said["why_not"] in done.stderr.splitlines()[-1]
    assert screen.read_bytes().startswith(b"P6")


def test_what_qemu_refuses_is_said(site, room):
    site.add()  # a kernel in name only, which says that it takes no initrd
    assert "initrd is too large" in site.run("image", "test", "debian", "--emulate").stderr


def test_a_unified_image_starts_from_a_disk(site, room):
    if not pathlib.Path("/usr/share/OVMF/OVMF_CODE_4M.fd").exists():
        pytest.skip("ovmf is not installed")
    path = site.directory / "made.efi"
    path.write_bytes(make_uki([(".osrel", OS_RELEASE), (".linux", site.kernel.read_bytes())]))
    site.good("image", "add", path)
    done = site.run("image", "test", "made", "--emulate", "--firmware", "uefi", "--expect", "BdsDxe: ", "--timeout", "50")
    assert done.returncode == 0, done.stdout + done.stderr  # the firmware reached its disk


def test_an_interrupt_ends_it(installer, room):
    process = subprocess.Popen([cli_site.program, "image", "test", "debian", "--emulate", "--state", installer.state],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "in QEMU" in process.stdout.readline()
    while not machines_of(room):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=10)
    assert process.returncode == 1 and "debian: interrupted" in error, output + error


def test_what_cannot_be_tested(site):
    site.good("image", "add", "pe", make_wim(site.directory))
    assert "cannot be tested without a network" in site.refused("image", "test", "pe")
    assert 'there is no image "none"' in site.refused("image", "test", "none")
    for words in (["--firmware", "coreboot"], ["--timeout", "0"], ["--memory", "1"], ["--expect", ""]):
        one_line(site.run("image", "test", "pe", *words), 2)


@pytest.mark.skipif(not ROOT or not shutil.which("unshare"), reason="hides a program from itself")
@pytest.mark.parametrize("missing, firmware, package", [
    (QEMU, "bios", "apt install qemu-system-x86"),
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "uefi", "apt install ovmf"),
])
def test_what_is_not_installed_is_named(site, missing, firmware, package):
    if not os.path.exists(missing):
        pytest.skip("is not there to be hidden")
    site.add()
    hide = f'mount --bind {site.directory}/none "$0" && exec "$@"'
    (site.directory / "none").mkdir()
    folder = str(pathlib.Path(missing).parent)
    if folder == "/usr/bin":  # the shell's own folder stays
        (site.directory / "nothing").write_text("")
        hide = f'mount --bind {site.directory}/nothing {missing} && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", hide, folder, cli_site.program, "image", "test", "debian",
                           "--firmware", firmware, "--state", site.state], capture_output=True, text=True, timeout=30)
    assert package in one_line(done, 1)
