# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: a server started, loaded, its cost read, the server stopped."""
import os
import threading
import time

from .accounting import machine_busy, machine_stolen
from .network import BenchError

SERVER_CPU, GENERATOR_CPU = 0, 1
# CPUs that the host of a virtual machine may keep for others during a run; above that the run is made again.
TAKEN_AWAY, TRIES = 0.06, 4


def undisturbed(run):
    """The first of some runs that the host left alone; otherwise the one that it left alone most."""
    least = None
    for _ in range(TRIES):
        stolen, began = machine_stolen(), time.monotonic()
        result = run()
        taken = (machine_stolen() - stolen) / (time.monotonic() - began)
        if least is None or taken < least[0]:
            least = taken, result
        if taken <= TAKEN_AWAY:
            break
    return least


class MemorySampler(threading.Thread):
    """Reads memory once, when the load is on."""

    def __init__(self, account, after):
        super().__init__(daemon=True)
        self._account, self._after, self._over = account, after, threading.Event()
        self.sample = None

    def run(self):
        if not self._over.wait(self._after):
            self.sample = self._account.memory()

    def finish(self):
        self._over.set()
        self.join()
        return self.sample


def one_run(site, server, row, arguments, quick):
    """What one load did to one server: a flat dictionary."""
    pinned = row.pinned and len(os.sched_getaffinity(0)) > 1
    try:
        server.start(row.options_for(server), SERVER_CPU if pinned else None)
        time.sleep(0.2)   # what starting left to do
        idle_memory = server.account.memory()
        threads_before = server.account.threads() if row.threads else {}
        sampler = (MemorySampler(server.account, row.sample_after[quick])
                   if row.sample_after else None)
        busy, cpu, began = machine_busy(), server.account.cpu_seconds(), time.monotonic()
        if sampler:
            sampler.start()
        report = site.load(arguments, GENERATOR_CPU if pinned else None)
        cpu, busy = server.account.cpu_seconds() - cpu, machine_busy() - busy
        wall = time.monotonic() - began
        if not server.alive():
            raise BenchError(f"{server.name} died (status {server.process.poll()}); its log ends:\n"
                             f"{server.log_tail()}")
        result = {"report": report, "server_cpu_s": cpu, "generator_cpu_s": site.generator_cpu, "wall_s": wall,
                  # What neither server nor generator used: somebody else's, in CPUs.
                  "other_load": max(0.0, (busy - cpu - site.generator_cpu) / wall)}
        if sampler and (sample := sampler.finish()):
            result.update(idle_anon=idle_memory[0], anon=sample[0], resident=sample[1])
        if row.threads:
            after = server.account.threads()
            result["thread_cpu_s"] = sorted((after[t] - threads_before.get(t, 0) for t in after), reverse=True)
        if "bytes" in report:
            result["cpu_s_per_gb"] = cpu / max(report["bytes"], 1) * 1e9
        return result
    finally:
        server.stop()
