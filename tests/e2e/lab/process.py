# SPDX-License-Identifier: GPL-3.0-or-later
"""Background programs of the lab: each with a log file, each ended with the lab."""

import pathlib
import subprocess
import time


class LabError(AssertionError):
    """The lab or a machine in it did not do what the test waits for."""


def tail(path, lines=25):
    try:
        text = pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return "(nothing)"
    return "\n".join(text.splitlines()[-lines:])


def wait_until(condition, timeout, what, step=0.05):
    """Polls, because files and kernels do not tell us when they are done."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {timeout:g} s")
        time.sleep(step)
    return value


class Process:
    def __init__(self, command, log, name=None, env=None):
        self.name = name or str(command[0])
        self.log = pathlib.Path(log)
        self.started_at = time.time()
        # --pdeathsig: if we are killed without a chance to clean up, the kernel
        # still ends our children (those that changed their user: the next run).
        command = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=env, start_new_session=True)

    @property
    def running(self):
        return self.popen.poll() is None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def check_alive(self):
        if not self.running:
            raise LabError(f"{self.name} ended with {self.popen.returncode}:\n{tail(self.log)}")

    def wait_for(self, substring, timeout=10):
        """Waits for a substring of the log; a program that dies meanwhile is reported at once."""
        def seen():
            if substring in self.text():
                return True
            self.check_alive()
            return False
        wait_until(seen, timeout, f"{self.name} to log {substring!r}")

    def stop(self, grace=5):
        if self.running:
            self.popen.terminate()
            try:
                self.popen.wait(grace)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode
