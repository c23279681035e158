# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand transfers that are given up, at each of their stages: everything is freed in a bounded
time, nobody else is harmed, and the counters add up."""

import json
import pathlib
import subprocess
import time

import boot_site
import pytest
from boot_site import OTHER_SERVER, SERVER
from fake_kernel import fake_kernel
from test_tftp_crowds import accounted, counters, load

LARGE = "images/debian/1/linux"
SMALL = "images/small/1/small"
EACH = 200
# How long a transfer may outlive a client that says nothing: 20 s of patience, and the last timer.
SILENCE = 20 + 6 + 2


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        (made.directory / "small").write_bytes(fake_kernel())
        made.cli("image", "add", "small", "--kernel", made.directory / "small")
        yield made


LIMITED = "[limits]\ninterfaces = { eth0 = 20 }\n"


@pytest.mark.parametrize("how, limits", [
    ("closed", LIMITED),
    *(pytest.param(*case, marks=pytest.mark.slow) for case in [("closed", ""), ("quiet", LIMITED), ("quiet", "")])])
def test_given_up_at_each_stage(site, how, limits):
    site.serve("[services]\nproxydhcp = false\nboot_service = false\nhttp = false\n"
               f"[tftp]\nthreads = 2\nmax_transfers_per_client = 2000\n{limits}")
    abandoner = subprocess.Popen(
        ["ip", "netns", "exec", site.near, "/usr/bin/python3", pathlib.Path(__file__).with_name("abandoner.py"), SERVER,
         LARGE, SMALL, str(5 * EACH), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        # While that goes on, and then while the server waits for those who are silent.
        for server, namespace in ((SERVER, site.near), (OTHER_SERVER, site.far)):
            got = load(site, namespace, server, "--clients", 5, "--count", 2, "--blksize", 1456, "--windowsize", 8)
            assert (got["transfers"], got["failed"]) == (10, 0), got
        assert json.loads(abandoner.stdout.readline()) == dict.fromkeys(
            ["request", "oack", "window", "last-block", "error"], EACH)
        given_up = time.monotonic()
        while (now := counters(site))["tftp.under-way"] > 0:
            assert time.monotonic() < given_up + SILENCE, now
            time.sleep(0.2)
        assert now["udp69.received"] == accounted(now)
        assert now["udp69.in.started"] == 5 * EACH + 20
        # Who had each block has the file, in all likelihood.
        assert now["tftp.unconfirmed"] == EACH
        assert now["tftp.finished"] == EACH + 20
        assert now["tftp.client-error"] == EACH
        gone, silent = now["tftp.client-gone"], now["tftp.timed-out"]
        assert gone + silent == 3 * EACH
        assert silent == (3 * EACH if how == "quiet" else silent)
        assert now["udp69.kernel-drops"] == 0
    finally:
        abandoner.stdin.close()
        abandoner.wait(10)
        site.stop()
