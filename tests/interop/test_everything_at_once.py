# SPDX-License-Identifier: GPL-3.0-or-later
"""Every service under load at once, while the administrator works and the configuration is read
again and again. `./dev sanitize` runs it with the sanitizers' builds, which is what it is for:
whatever they have to say is in the log."""

import itertools
import json
import signal
import subprocess
import time

import boot_site
import pytest
from boot_site import CLIENT, SERVER
from fake_kernel import fake_kernel
from test_tftp_crowds import accounted, counters

SECONDS = 20
FIXED = ("[tftp]\nthreads = 4\nmax_transfers_per_client = 2000\n"
         "[http]\nthreads = 2\nmax_connections_per_client = 1000\n"
         "[limits]\ninterfaces = { eth0 = 60 }\nnetworks = { \"192.0.2.0/25\" = 50 }\n")
# Taken over at a reload.
CHANGING = [
    "[boot]\nprompt_seconds = 5\n[admission]\nat_once = 30\nnetworks = { \"192.0.2.0/24\" = 10 }\n",
    "[boot]\nunknown_uefi = \"shim\"\n[admission]\nat_once = 5\n",
    "[boot]\nbios_ipxe = \"pxelinux\"\n[admission]\nnetworks = { \"192.0.2.0/24\" = 3, \"192.0.2.128/25\" = 0 }\n",
]
COMPLAINTS = ["ThreadSanitizer", "AddressSanitizer", "LeakSanitizer", "runtime error:"]


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        made.cli("deploy", "debian", "--to", "all", "--yes")
        (made.directory / "small").write_bytes(fake_kernel())
        yield made


def generate(site, kind, *arguments):
    return subprocess.Popen(["ip", "netns", "exec", site.near, site.program.parent / "bench/bootferry-bench-load", kind,
                             "--server", SERVER, "--seconds", str(SECONDS), *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def administer(site, i):
    """One round of what administrators do; the image comes and goes while others are loaded."""
    socket = ["--socket", site.directory / "run/control"]

    def cli(*arguments):
        done = subprocess.run([site.program, *map(str, arguments), *socket], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    cli("image", "add", f"more-{i}", "--kernel", site.directory / "small")
    cli("deploy", f"more-{i}", "--to", f"52:54:00:00:00:{i % 256:02x}")
    for what in (["status"], ["queue"], ["deployment", "list"], ["image", "list"]):
        cli(*what)
    cli("undeploy", f"52:54:00:00:00:{i % 256:02x}")
    cli("image", "remove", f"more-{i}")


@pytest.mark.slow
def test_everything_at_once(site):
    site.serve(FIXED + CHANGING[0])
    configuration = site.directory / "bootferry.toml"
    head = configuration.read_text().removesuffix(CHANGING[0])
    log_began = (site.directory / "log").stat().st_size
    name = f"images/debian/1/linux={site.directory}/linux"
    loads = {
        "tftp": generate(site, "tftp", "--files", name, "--clients", 40, "--blksize", 1456, "--windowsize", 8,
                         "--loss", 0.002),
        "lock-step": generate(site, "tftp", "--files", name, "--clients", 40, "--blksize", 1456, "--seed", 2),
        "pxe": generate(site, "pxe", "--relay", CLIENT, "--in-flight", 50, "--kind", "mixed", "--tries", 0,
                        "--timeout-ms", 300),
        "http": generate(site, "http", "--files", name, "--clients", 20),
    }
    try:
        for i in itertools.count():
            if all(load.poll() is not None for load in loads.values()):
                break
            configuration.write_text(head + CHANGING[i % len(CHANGING)])
            site.process.send_signal(signal.SIGHUP)
            administer(site, i)
            time.sleep(0.1)
        for kind, load in loads.items():
            out, err = load.communicate(timeout=30)
            assert load.returncode == 0, f"{kind}: {err}{out}"
            report = json.loads(out)
            assert report.get("wrong_bytes", 0) == 0 and report.get("failed", 0) == 0, f"{kind}: {report}"
        all_counters = counters(site)
        assert all_counters["udp69.received"] == accounted(all_counters)
        assert all_counters["udp67.received"] > 100 and all_counters["tftp.held-back"] > 0
        assert i >= 3
    finally:
        for load in loads.values():
            load.kill()
            load.wait()
        process = site.process
        site.stop()
    log = (site.directory / "log").read_bytes()[log_began:].decode(errors="replace")
    said = [line for line in log.splitlines() if any(word in line for word in COMPLAINTS)]
    assert not said, log[log.index(said[0]):][:8000]
    assert process.returncode == 0
