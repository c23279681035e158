# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [limits] on the wire: TFTP and HTTP share what a network or an interface may have."""
import pathlib
import subprocess
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


# Octets a second that leave eth0, over a second and a half.
METER = """
import time
def sent():
    with open("/sys/class/net/eth0/statistics/tx_bytes") as file:
        return int(file.read()), time.monotonic()
before, began = sent()
time.sleep(1.5)
after, ended = sent()
print((after - before) / (ended - began))
"""


def rate_of(site, commands):  # noqa: F811
    """While all of them run; each gets the whole kernel."""
    outputs = [site.directory / f"got-{number}" for number in range(len(commands))]
    running = [subprocess.Popen(["ip", "netns", "exec", site.near, *map(str, command(site, output))])
               for command, output in zip(commands, outputs)]
    time.sleep(0.3)
    meter = subprocess.run(["ip", "netns", "exec", site.server, "/usr/bin/python3", "-c", METER],
                           capture_output=True, text=True, check=True, timeout=20)
    assert [process.wait(60) for process in running] == [0] * len(running)
    assert all(output.read_bytes() == site.kernel for output in outputs)
    return float(meter.stdout)


@pytest.mark.parametrize("limit", ['networks = { "192.0.2.0/24" = 4 }', "interfaces = { eth0 = 4 }"])
def test_the_sum_stays_at_the_limit(site, limit):  # noqa: F811
    site.serve(f'interfaces = ["eth0"]\n[limits]\n{limit}\n')
    try:
        for commands in ([http] * 3, [http, http, tftp], [http, tftp, tftp, tftp]):
            assert rate_of(site, commands) == pytest.approx(LIMIT, rel=0.15), commands
    finally:
        site.stop()


def test_without_a_limit_there_is_none(site):  # noqa: F811
    site.serve('interfaces = ["eth0"]\n[limits]\nnetworks = { "198.51.100.0/24" = 1 }\n')
    try:
        began = time.monotonic()
        assert site.curl(site.near, f"http://{SERVER}/{NAME}") == (200, site.kernel)
        assert time.monotonic() - began < 1, "at 1 MB/s it would be 5"
    finally:
        site.stop()
