#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large site on a real server: its start, its answers beside a small site's, and an import beside both.

    cmake --preset release && cmake --build build/release --target bootferry bootferry-bench-load bootferry-bench-site
    bench/scale.py [--devices 1000000] [--import 100000] [--repetitions 3]

Exit code: 0 every limit was kept, 1 one was not, 2 it could not be measured.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness.measure import undisturbed  # noqa: E402
from harness.network import BenchError  # noqa: E402
from harness.servers import REPOSITORY, USER, Bootferry  # noqa: E402
from harness.site import Site  # noqa: E402

MAKER = REPOSITORY / "build/release/bench/bootferry-bench-site"


class Large(Bootferry):
    """The same program on a large site's records; its machines are answered, their files are not there."""

    def prepare_large(self, devices):
        self.state = self.site.directory / "large"
        self.state.mkdir(mode=0o700)
        self.run_directory = self.site.directory / "run"   # the small one's: they take turns
        subprocess.run([MAKER, self.state, str(devices)], check=True)
        self._cli("deploy", "image-1", "--to", "all", "--yes")   # the generator's machines are strangers
        for path in [self.state, *self.state.rglob("*")]:
            shutil.chown(path, USER)


def pxe(site, seconds, in_flight=64):
    return site.load(["pxe", "--in-flight", in_flight, "--relay", site.relay, "--seconds", seconds])


def wait_for_kept_copy(server):
    """Made once after each change, and measured with the import; on the disk when this returns."""
    copy = server.state / "bootferry.kept.db"
    deadline = time.monotonic() + 60
    while not copy.exists():
        if time.monotonic() > deadline:
            raise BenchError(f"no kept copy after a minute; the log ends:\n{server.log_tail()}")
        time.sleep(0.1)
    os.sync()   # or its pages are written while answers are timed


def answers(site, server):
    server.start({"need": "pxe"})
    try:
        wait_for_kept_copy(server)
        return undisturbed(lambda: pxe(site, 3))[1]
    finally:
        server.stop()


def start_until_ready(server):
    log = server.site.directory / f"{server.name}.log"
    before = log.stat().st_size if log.exists() else 0
    began = time.monotonic()
    waiting = threading.Thread(target=server.start, args=({"need": "pxe"},))
    waiting.start()
    try:
        while time.monotonic() < began + 60:
            if log.exists() and b"ready: " in log.read_bytes()[before:]:
                return time.monotonic() - began
            time.sleep(0.01)
        raise BenchError(f"not ready after a minute; the log ends:\n{server.log_tail()}")
    finally:
        waiting.join()


def import_beside_answers(site, server, machines):
    """Seconds of the import, and the answers' p99 without and with it."""
    table = site.directory / "machines.csv"
    table.write_text("name,mac\n" + "".join(
        f"new-{n:06},56:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}\n" for n in range(machines)))
    quiet = pxe(site, 3, in_flight=4)
    took = []

    def run():
        began = time.monotonic()
        subprocess.run([server.program, "device", "import", table, "--socket", server.run_directory / "control"],
                       check=True, stdout=subprocess.DEVNULL)
        took.append(time.monotonic() - began)

    worker = threading.Thread(target=run)
    worker.start()
    time.sleep(0.2)
    busy = []
    while worker.is_alive():
        busy.append(pxe(site, 1, in_flight=4))
    worker.join()
    if not took:
        raise BenchError("the import failed")
    return took[0], quiet["conversation_us"]["p99"], max(each["conversation_us"]["p99"] for each in busy)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--import", type=int, default=100_000, dest="machines")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    kept = True

    def line(label, value, limit, fine):
        nonlocal kept
        kept = kept and fine
        print(f"{label:<58} {value:>16}  {limit:<16} {'kept' if fine else 'BELOW'}", flush=True)

    with Site() as site:
        small, large = Bootferry(site), Large(site)
        small.prepare()
        large.prepare_large(options.devices)
        ready = []
        for _ in range(options.repetitions):
            ready.append(start_until_ready(large))
            resident = large.account.memory()[1]
            large.stop()
        took = statistics.median(ready)
        line(f"{options.devices:,} devices: start to ready", f"{took:.2f} s", "< 3 s", took < 3)
        print(f"{'its memory, all told':<58} {resident / 1e6:>13.0f} MB")
        ratios = []
        for _ in range(options.repetitions):
            rates = [answers(site, one)["conv_per_s"] for one in (small, large)]
            ratios.append(rates[1] / rates[0])
            print(f"{'  proxyDHCP, 64 in flight: small site, large site':<58} {rates[0]:>7.0f}/s {rates[1]:>6.0f}/s")
        ratio = statistics.median(ratios)
        line("proxyDHCP, beside a small site's", f"{ratio:.2f}x", ">= 0.9x", ratio >= 0.9)
        large.start({"need": "pxe"})
        try:
            seconds, quiet, busy = import_beside_answers(site, large, options.machines)
        finally:
            large.stop()
        line(f"import of {options.machines:,} machines from CSV, into those", f"{seconds:.1f} s", "< 10 s", seconds < 10)
        line(f"p99 of answers meanwhile: {quiet:.0f} us alone, {busy:.0f} us", f"{busy / quiet:.2f}x", "<= 2x",
             busy <= 2 * quiet)
    return 0 if kept else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"scale.py: {error}", file=sys.stderr)
        sys.exit(2)
