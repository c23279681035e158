# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [limits] on the wire: TFTP and HTTP share what a network or an interface may have."""
import pathlib
import subprocess
import threading
import time

import pytest

from boot_site import SERVER, site  # noqa: F401 (a fixture)

LIMIT = 4e6
NAME = "images/debian/1/linux"


def http(site, output):  # noqa: F811
    return ["curl", "-sS", "--max-time", "40", "-o", output, f"http://{SERVER}/{NAME}"]


def tftp(site, output):  # noqa: F811
    client = pathlib.Path(__file__).with_name("tftp_client.py")
    return ["/usr/bin/python3", client, SERVER, "69", NAME, output, "blksize=1408", "windowsize=8"]


def rate_of(site, commands):  # noqa: F811
    """Octets a second, over all of them together; each gets the whole kernel."""
    failed = []

    def run(number, command):
        output = site.directory / f"got-{number}"
        done = subprocess.run(["ip", "netns", "exec", site.near, *map(str, command(site, output))],
                              capture_output=True, text=True, timeout=60)
        if done.returncode or output.read_bytes() != site.kernel:
            failed.append(done.stderr or command.__name__)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(commands)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    return len(commands) * len(site.kernel) / (time.monotonic() - began)


@pytest.mark.parametrize("limit", ['networks = { "192.0.2.0/24" = 4 }', "interfaces = { eth0 = 4 }"])
def test_the_sum_stays_at_the_limit(site, limit):  # noqa: F811
    site.serve(f'interfaces = ["eth0"]\n[limits]\n{limit}\n')
    try:
        for commands in ([http], [http, http, http], [http, tftp], [http, http, tftp, tftp]):
            assert rate_of(site, commands) == pytest.approx(LIMIT, rel=0.15), commands
    finally:
        site.stop()


def test_without_a_limit_there_is_none(site):  # noqa: F811
    site.serve('interfaces = ["eth0"]\n[limits]\nnetworks = { "198.51.100.0/24" = 1 }\n')
    try:
        assert rate_of(site, [http, http]) > 2 * LIMIT
    finally:
        site.stop()
