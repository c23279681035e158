# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a fresh lab per test; its evidence is kept when the test fails."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from lab import bootferry, network  # noqa: E402
from lab.capture import Capture  # noqa: E402
from lab.machine import Machine  # noqa: E402
from lab.marker import Marker  # noqa: E402
from lab.process import LabError  # noqa: E402

network.end_on_sigterm()


def pytest_collection_modifyitems(items):
    for item in items:  # "all" is the marker that needs no typing
        if not any(item.iter_markers("reference")):
            item.add_marker("matrix")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        item.failed_in_lab = True
        if directory := item.funcargs.get("artifacts"):
            report.sections.append(("evidence", str(directory)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """A boot that hangs must not hang the whole run."""
    marker = item.get_closest_marker("deadline")
    seconds = marker.args[0] if marker else 180

    def late(*_):
        raise LabError(f"the test's deadline of {seconds} s passed")
    previous = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def artifacts(request):
    """Logs, captures and screens are written here from the start, and removed
    after a test that passed (BOOTFERRY_KEEP=1 keeps them)."""
    directory = HERE / "artifacts" / re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    yield directory
    if not getattr(request.node, "failed_in_lab", False) and not os.environ.get("BOOTFERRY_KEEP"):
        shutil.rmtree(directory)


@pytest.fixture
def lab(artifacts):
    with network.Lab(artifacts) as lab:
        yield lab


@pytest.fixture
def capture(lab):
    return Capture(lab.lan)


@pytest.fixture
def marker(lab):
    return Marker(lab.scratch)


@pytest.fixture
def power_on(lab, request):
    """power_on(firmware, segment=lab.lan, ...) -> a running Machine."""
    machines = []

    def start(firmware="bios", segment=None, **options):
        name = f"machine{len(machines) or ''}"
        machines.append(Machine(segment or lab.lan, firmware, name=name, **options))
        return machines[-1]
    yield start
    for machine in machines:
        if getattr(request.node, "failed_in_lab", False) and machine.process.running:
            with contextlib.suppress(OSError, ValueError, LabError):
                machine.screenshot(lab.directory / f"{machine.serial_log.stem}.png")
        machine.power_off()


@pytest.fixture
def server(lab):
    """server(**config) -> a running Bootferry."""
    if not bootferry.binary():
        pytest.skip("no bootferry program: build it, or set BOOTFERRY_BIN")

    def start(host=None, **config):
        return bootferry.Bootferry(lab, host, **config).start()
    return start


@pytest.fixture
def installed_disk(lab):
    """What Debian's installer leaves on an EFI system partition, and its GRUB's menu. The firmware
    alone does not start it: that takes a boot option, which the installer would have made."""
    files = lab.scratch / "disk"
    debian = files / "EFI/debian"
    debian.mkdir(parents=True)
    shutil.copy("/usr/lib/shim/shimx64.efi.signed", debian / "shimx64.efi")
    shutil.copy("/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", debian / "grubx64.efi")
    (debian / "grub.cfg").write_text("echo the loader on the disk runs\n")
    return files


@pytest.fixture
def bootable_disk(installed_disk):
    """The same, also where firmware looks without a boot option."""
    default = installed_disk / "EFI/BOOT"
    default.mkdir()
    shutil.copy(installed_disk / "EFI/debian/shimx64.efi", default / "BOOTX64.EFI")
    shutil.copy(installed_disk / "EFI/debian/grubx64.efi", default)
    return installed_disk
