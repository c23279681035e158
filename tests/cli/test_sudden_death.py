# SPDX-License-Identifier: GPL-3.0-or-later
"""The server dies at any moment of imports and approvals. The store's own test of this dies a
thousand times (tests/store/kill_test.cc); here it is the whole way from the command line."""

import contextlib
import random
import sqlite3
import threading
import time

import pytest
from cli_site import ROOT, Server

pytestmark = pytest.mark.skipif(not ROOT, reason="opens ports below 1024: needs root")

LIVES = 12
STRANGERS = 200  # more than all lives approve


def machines_of(number, random):
    """Lines of an import: so many machines of names that are this import's alone."""
    return "name,mac\n" + "".join(f"import-{number}-{i},52:54:{number >> 8:02x}:{number & 255:02x}:{i >> 8:02x}:"
                                  f"{i & 255:02x}\n" for i in range(random.randint(1, 500)))


def let_strangers_wait(site):
    lines = "".join(f"stranger-{i},02:00:00:00:{i >> 8:02x}:{i & 255:02x}\n" for i in range(1, STRANGERS + 1))
    site.good("device", "import", "-", input="name,mac\n" + lines)
    site.good("device", "add", "model", "--mac", "02:00:00:01:00:00", "--in-state", "pending")
    with contextlib.closing(sqlite3.connect(site.state / "bootferry.db")) as database, database:
        database.execute("UPDATE devices SET request = substr(name, 10), "
                         "state = (SELECT state FROM devices WHERE name = 'model') WHERE name LIKE 'stranger-%'")


class Work:
    """Imports and approvals, one after the other, until the server is not there any more."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0
        self.begun, self.acknowledged = {}, set()  # number -> the names that it is about

    def until_death(self, server):
        while True:
            self.number += 1
            if self.number % 2:
                self.begun[self.number] = [f"stranger-{self.number}"]
                done = server.run("pending", "approve", self.number)
            else:
                lines = machines_of(self.number, self.random)
                self.begun[self.number] = [line.split(",")[0] for line in lines.splitlines()[1:]]
                done = server.run("device", "import", "-", input=lines)
            if done.returncode:
                return
            self.acknowledged.add(self.number)

    def hold_against(self, devices):
        there = {name for name, state in devices.items() if state == "approved"}
        for number, names in self.begun.items():
            found = len(there.intersection(names))
            assert found in (0, len(names)), f"{number} is there by half"
            assert found or number not in self.acknowledged, f"{number} was acknowledged and is lost"
        assert there == there.intersection(name for names in self.begun.values() for name in names)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_acknowledged_is_there(site, seed):
    let_strangers_wait(site)
    work = Work(seed)
    for _ in range(LIVES):
        with Server(site) as server:
            worker = threading.Thread(target=work.until_death, args=[server])
            worker.start()
            time.sleep(work.random.uniform(0, 0.8))
            server.process.kill()
            worker.join()
        work.hold_against({device["name"]: device["state"] for device in site.json("device", "list")})
    assert len(work.acknowledged) > LIVES, "too slow to tell anything"
    print(f"{len(work.acknowledged)} of {work.number} acknowledged")
