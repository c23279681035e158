# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab leaves nothing behind, however its run ends."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from lab import network
from lab.process import wait_until

pytestmark = [pytest.mark.reference]

RUN = """
import sys, time
from lab import dhcp_servers, network
network.end_on_sigterm()
with network.Lab() as lab:
    dhcp_servers.plain(lab)
    print("up", flush=True)
    if "raise" in sys.argv: raise ValueError
    time.sleep(60)
"""


def leftovers(pid):
    prefix = f"{network.PREFIX}{pid}-*"
    processes = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                 if f"/{network.PREFIX}{pid}-".encode() in _read(p)]
    return [*network.NETNS_DIR.glob(prefix), *pathlib.Path("/tmp").glob(prefix), *processes]


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def run():
    def start(*arguments):
        child = subprocess.Popen([sys.executable, "-c", RUN, *arguments], text=True,
                                 cwd=pathlib.Path(__file__).parent,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdout.readline() == "up\n"
        return child
    return start


def test_exception(run):
    child = run("raise")
    child.wait(20)
    assert not leftovers(child.pid)


def test_sigterm(run):
    child = run()
    assert leftovers(child.pid)
    child.terminate()
    child.wait(20)
    assert not leftovers(child.pid)


def test_sigkill_and_the_next_run(run):
    child = run()
    os.kill(child.pid, signal.SIGKILL)
    child.wait(20)
    network.cleanup()
    wait_until(lambda: not leftovers(child.pid), 5, "the dead run's leftovers to go")
