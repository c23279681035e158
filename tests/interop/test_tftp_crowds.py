# SPDX-License-Identifier: GPL-3.0-or-later
"""Many TFTP clients at once against the whole server: every byte right, everybody bounded."""

import hashlib
import json
import os
import pathlib
import subprocess
import time

import boot_site
import pytest

SERVICES = "[services]\nproxydhcp = false\nboot_service = false\nhttp = false\n"
# Sends so many requests, each from a port of its own, and stays silent.
HALF_OPEN = """
import socket, sys
server, count = sys.argv[1], int(sys.argv[2])
for port in range(20000, 20000 + count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("", port))
        s.sendto(b"\\0\\1images/debian/1/linux\\0octet\\0blksize\\0001024\\0", (server, 69))
"""


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        yield made


@pytest.fixture
def serve(site):
    yield lambda tftp="": site.serve(SERVICES + "[tftp]\nmax_transfers_per_client = 200\n" + tftp)
    site.stop()


def load(site, namespace, server, *arguments):
    generator = pathlib.Path(site.program).parent / "bench/bootferry-bench-load"
    if not generator.is_file():
        pytest.skip(f"{generator} is not built")
    done = subprocess.run(["ip", "netns", "exec", namespace, generator, "tftp", "--server", server, "--files",
                           f"images/debian/1/linux={site.directory}/linux", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def counters(site):
    done = subprocess.run([site.program, "status", "--json", "--socket", site.directory / "run/control"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["counters"]


def accounted(all_counters):
    return sum(n for name, n in all_counters.items() if name.startswith("udp69.in."))


@pytest.mark.parametrize("tftp", ["threads = 1", "threads = 16", "threads = 1\nsingle_port = true",
                                  "threads = 16\nsingle_port = true"], ids=lambda t: t.replace("\n", ", "))
def test_a_crowd_on_a_bad_wire(site, serve, tftp):
    """Requests and blocks lost, late and twice, on one loop and on many."""
    serve(tftp)
    got = load(site, site.near, boot_site.SERVER, "--clients", 40, "--blksize", 1456, "--windowsize", 8, "--loss",
               0.005, "--reorder", 0.01, "--duplicate", 0.01, "--seed", 7, "--retry-ms", 300)
    assert (got["transfers"], got["failed"]) == (40, 0), got
    all_counters = counters(site)
    assert all_counters["udp69.received"] == accounted(all_counters)
    assert all_counters["udp69.kernel-drops"] == 0


def test_half_open_requests_of_one_address_harm_nobody_else(site, serve):
    serve()
    subprocess.run(["ip", "netns", "exec", site.near, "/usr/bin/python3", "-c", HALF_OPEN, boot_site.SERVER, "5000"],
                   check=True, timeout=60)
    began = time.monotonic()
    got = load(site, site.far, boot_site.OTHER_SERVER, "--clients", 4, "--blksize", 1456, "--windowsize", 8)
    assert (got["transfers"], got["failed"]) == (4, 0), got
    assert time.monotonic() - began < 5
    all_counters = counters(site)
    assert all_counters["udp69.in.client-limit"] >= 5000 - 200
    assert all_counters["udp69.received"] == accounted(all_counters) == 5004


def test_a_file_replaced_while_it_is_read(site, serve):
    """Who has begun goes on with the old one; whoever comes then gets the new one."""
    serve()
    slow = subprocess.Popen(
        ["ip", "netns", "exec", site.near, pathlib.Path(site.program).parent / "bench/bootferry-bench-load", "tftp",
         "--server", boot_site.SERVER, "--files", f"images/debian/1/linux={site.directory}/linux", "--clients", "3",
         "--blksize", "1456", "--windowsize", "16", "--think-ms", "2"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    name = hashlib.sha256(site.kernel).hexdigest()
    published = site.directory / f"state/library/files/{name[:2]}/{name}"
    other = published.with_name("linux.new")
    other.write_bytes(site.kernel[::-1])
    os.rename(other, published)
    out, _ = slow.communicate(timeout=100)
    try:
        assert slow.returncode == 0 and json.loads(out)["transfers"] == 3, out
        reversed_kernel = site.directory / "reversed"
        reversed_kernel.write_bytes(site.kernel[::-1])
        fresh = subprocess.run(["ip", "netns", "exec", site.near, "curl", "-s", "-o", "-",
                                f"tftp://{boot_site.SERVER}/images/debian/1/linux"], capture_output=True, timeout=60)
        assert fresh.stdout == site.kernel[::-1]
    finally:
        published.write_bytes(site.kernel)


def test_a_limit_is_kept_and_used_by_a_crowd(site, serve):
    """On three loops, with small windows and large: the sum is the limit's, and nobody is left out."""
    serve('threads = 3\n[limits]\nnetworks = { "192.0.2.0/24" = 8 }\n')
    name = f"images/debian/1/linux={site.directory}/linux"
    generator = pathlib.Path(site.program).parent / "bench/bootferry-bench-load"
    crowds = [subprocess.Popen(["ip", "netns", "exec", site.near, generator, "tftp", "--server", boot_site.SERVER,
                                "--files", name, "--clients", "100", "--blksize", "1456", "--windowsize", str(window),
                                "--seconds", "4", "--warm", "1", "--retry-ms", "3000"],
                               stdout=subprocess.PIPE, text=True) for window in (1, 16)]
    # Another network's machines do not wait for these.
    began = time.monotonic()
    free = load(site, site.far, boot_site.OTHER_SERVER, "--clients", 2, "--blksize", 1456, "--windowsize", 8)
    assert free["failed"] == 0 and time.monotonic() - began < 3
    small, large = (json.loads(crowd.communicate(timeout=60)[0]) for crowd in crowds)
    assert small["failed"] == large["failed"] == 0
    assert 0.85 * 8 < small["mb_per_s"] + large["mb_per_s"] < 1.05 * 8, (small, large)
    assert 0.5 < small["mb_per_s"] / large["mb_per_s"] < 2
