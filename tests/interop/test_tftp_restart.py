# SPDX-License-Identifier: GPL-3.0-or-later
"""The server ends in the middle of transfers and starts again: clients end by their own rules,
ask once more and have it right; nothing of what was is left over."""

import concurrent.futures
import json
import signal
import subprocess
import time

import boot_site
import pytest
import tftp_client
from boot_site import SERVER
from test_tftp_crowds import accounted, counters, load

# Slow enough to be caught in the middle: 5 MB each.
CONFIGURATION = ("[services]\nproxydhcp = false\nboot_service = false\nhttp = false\n[tftp]\nthreads = 2\n"
                 "[limits]\ninterfaces = { eth0 = 6 }\n")
NAME = "images/debian/1/linux"
# How each client fetches the file, how it ends when nobody answers any more, and within how many seconds.
CLIENTS = {
    "curl": (["curl", "-sS", "--max-time", "6", "-o", "{out}", f"tftp://{SERVER}/{NAME}"], {28}, 12),
    "atftp": (["atftp", "--tftp-timeout", "1", "--option", "blksize 1456", "-g", "-r", NAME, "-l", "{out}", SERVER],
              {255}, 12),
    "tftp-hpa": (["sh", "-c", f"printf 'rexmt 1\\ntimeout 4\\nmode binary\\nget {NAME} {{out}}\\n' | tftp {SERVER}"],
                 {0}, 12),
    "busybox": (["busybox", "tftp", "-g", "-b", "1456", "-r", NAME, "-l", "{out}", SERVER], {1}, 20),
    "python": (["/usr/bin/python3", tftp_client.__file__, SERVER, "69", NAME, "{out}", "blksize=1456", "windowsize=4", "patience=0.4"],
               {1}, 14),
}


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        yield made


def start(site, client, tag):
    out = site.directory / f"{client}-{tag}"
    command = [part.replace("{out}", str(out)) for part in CLIENTS[client][0]]
    return out, subprocess.Popen(["ip", "netns", "exec", site.near, *command], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)


def under_way(site):
    return counters(site)["tftp.under-way"]


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "that did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("how", [pytest.param(signal.SIGTERM, id="stopped", marks=pytest.mark.slow),
                                 pytest.param(signal.SIGKILL, id="killed")])
def test_ended_and_started_again_in_the_middle(site, how):
    site.serve(CONFIGURATION)
    try:
        running = {name: start(site, name, how.name) for name in CLIENTS}
        wait_for(lambda: under_way(site) == len(CLIENTS), 5)
        time.sleep(0.5)
        assert all(process.poll() is None for _, process in running.values())
        began = time.monotonic()
        site.stop(how)
        assert time.monotonic() - began < 2, "nobody waits for transfers"
        site.serve(CONFIGURATION)
        for name, (out, process) in running.items():
            _, codes, seconds = CLIENTS[name]
            process.communicate(timeout=max(1, began + seconds - time.monotonic()))
            assert process.returncode in codes, name
            assert not out.exists() or out.read_bytes() != site.kernel, f"{name} was not in the middle"
        # What they sent to ports that are gone started nothing and is counted nowhere.
        after = counters(site)
        assert after["tftp.under-way"] == 0 and after["udp69.received"] == accounted(after)
        queue = json.loads(subprocess.run([site.program, "queue", "--json", "--socket", site.directory / "run/control"],
                                          capture_output=True, check=True).stdout)
        assert queue == []

        def once_more(name):
            out, process = start(site, name, "again")
            process.communicate(timeout=60)
            return name, out.read_bytes() == site.kernel
        with concurrent.futures.ThreadPoolExecutor(len(CLIENTS)) as pool:
            assert dict(pool.map(once_more, CLIENTS)) == dict.fromkeys(CLIENTS, True)
        got = load(site, site.near, SERVER, "--clients", 3, "--blksize", 1456, "--windowsize", 16)
        assert (got["transfers"], got["failed"]) == (3, 0), got
        # Nobody lost anything: the new server grants whole windows.
        wait_for(lambda: under_way(site) == 0, 5)
        assert counters(site)["tftp.finished"] == counters(site)["udp69.in.started"] == len(CLIENTS) + 3
    finally:
        site.stop()
