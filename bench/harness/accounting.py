# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server and its children cost: CPU seconds and memory.

A control group counts CPU exactly, ended children included (cgroup v1 cpuacct or v2,
whichever there is). Without one, /proc is summed: ticks of 10 ms.
"""
import os
import pathlib
import signal
import time

TICK = os.sysconf("SC_CLK_TCK")


def _mounts():
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        yield pathlib.Path(where), kind, options.split(",")


def _base():
    """Folder for a group of ours, and the version; or None."""
    for where, kind, options in _mounts():
        if kind == "cgroup" and "cpuacct" in options:
            return where, 1
    for where, kind, _ in _mounts():
        if kind == "cgroup2":
            return where, 2
    return None


class Account:
    """One server's processes. Use join() as a child's preexec_fn."""

    _serial = 0

    def __init__(self):
        Account._serial += 1
        self.path, self.version, self.leader = None, 0, None
        if (base := _base()) is not None:
            path = base[0] / f"bfb{os.getpid()}-{Account._serial}"
            try:
                path.mkdir()
                self.path, self.version = path, base[1]
            except OSError:
                pass

    @property
    def how(self):
        return {1: "cgroup v1 cpuacct", 2: "cgroup v2"}.get(self.version, "/proc (10 ms ticks)")

    def join(self):
        if self.path:
            (self.path / "cgroup.procs").write_text("0")

    def pids(self):
        if self.path:
            return [int(p) for p in (self.path / "cgroup.procs").read_text().split()]
        return _descendants(self.leader) if self.leader else []

    def cpu_seconds(self):
        if self.version == 1:
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        if self.version == 2:
            stat = dict(line.split() for line in (self.path / "cpu.stat").read_text().splitlines())
            return int(stat["usage_usec"]) / 1e6
        return sum(sum(int(f) for f in fields[11:15]) for fields in map(_stat, self.pids()) if fields) / TICK

    def memory(self):
        """(anonymous, resident) octets, summed over the processes."""
        anon = resident = 0
        for pid in self.pids():
            try:
                for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("RssAnon:"):
                        anon += int(line.split()[1]) * 1024
                    elif line.startswith("VmRSS:"):
                        resident += int(line.split()[1]) * 1024
            except OSError:
                pass
        return anon, resident

    def threads(self):
        """CPU seconds of each thread that lives."""
        found = {}
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
                if fields := _stat(f"{pid}/task/{task.name}"):
                    found[int(task.name)] = (int(fields[11]) + int(fields[12])) / TICK
        return found

    def close(self):
        for _ in range(50):
            left = self.pids()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                if self.path:
                    self.path.rmdir()
                return
            except OSError:
                time.sleep(0.05)


def _stat(pid):
    """The fields of /proc/PID/stat behind the name: [0] is the state."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _descendants(leader):
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        if fields := _stat(entry.name):
            parents[int(entry.name)] = int(fields[1])
    mine = {leader}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sorted(mine)


def _seconds():
    return [int(f) / TICK for f in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]


def machine_stolen():
    """CPU seconds since its start that a virtual machine was ready to run and its host ran others."""
    return _seconds()[7]


def machine_busy():
    """CPU seconds that the whole machine spent on anything, since it started."""
    fields = _seconds()
    return sum(fields) - fields[3] - fields[4] - fields[7]
