# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of a running server fails: machines go on booting, changes are refused with the
reason, `status`, `check` and the log say so, and a start without it serves from the copy."""
import json
import pathlib
import sqlite3
import subprocess
import time

import pytest

import boot_site
from boot_site import CLIENT_MAC, SERVER, sh

HERE = pathlib.Path(__file__).parent
OTHER = "52:54:00:12:34:57"


class Site(boot_site.Site):
    @property
    def state(self):
        return self.directory / "state"

    def run(self, *command):
        done = subprocess.run(["ip", "netns", "exec", self.near, *map(str, command)], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *arguments):
        """A command to the running server: its exit code and all that it says."""
        done = subprocess.run([self.program, *map(str, arguments), "--socket", self.directory / "run/control"],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def must_boot(self):
        offers = json.loads(self.run("/usr/bin/python3", HERE / "scapy_machine.py", "discover", CLIENT_MAC))
        assert [o["server"] for o in offers[CLIENT_MAC]] == [SERVER], offers
        code, script = self.curl(self.near, f"http://{SERVER}/ipxe/{CLIENT_MAC.replace(':', '-')}.ipxe")
        assert code == 200 and b"kernel http" in script
        output = self.directory / "got"
        self.run("/usr/bin/python3", HERE / "tftp_client.py", SERVER, "69", "images/debian/1/linux", output)
        assert output.read_bytes() == self.kernel

    def change(self):
        return self.ask("deploy", "debian", "--to", OTHER)

    def must_be_degraded(self, *words):
        end = time.monotonic() + 20
        while True:
            code, said = self.ask("status", "--json")
            assert code == 0, said
            notes = [n for n in json.loads(said)["notes"] if n.startswith("DEGRADED since ")]
            if notes or time.monotonic() > end:
                break
            time.sleep(0.2)
        assert notes and all(word in notes[0] for word in words), (notes, words)
        config = self.directory / "bootferry.toml"
        check = subprocess.run([self.program, "check", "--config", config], capture_output=True, text=True)
        assert check.returncode == 1 and "DEGRADED" in check.stdout
        assert "DEGRADED" in (self.directory / "log").read_text()
        self.must_boot()
        code, said = self.change()
        assert code == 1 and words[0] in said, said
        self.must_boot()

    def wait_for_copy(self):
        def revision(name):
            with sqlite3.connect(f"file:{self.state / name}?mode=ro", uri=True) as database:
                (found,) = database.execute("SELECT revision FROM site").fetchone()
            database.close()
            return found
        end = time.monotonic() + 20
        while not ((self.state / "bootferry.kept.db").exists()
                   and revision("bootferry.kept.db") == revision("bootferry.db")):
            assert time.monotonic() < end, "no copy was made"
            time.sleep(0.1)

    def remove_database(self):
        for path in self.state.glob("bootferry.db*"):
            path.unlink()

    def must_be_well(self):
        assert self.change()[0] == 0
        assert not json.loads(self.ask("status", "--json")[1])["notes"]
        assert self.ask("undeploy", OTHER)[0] == 0
        self.must_boot()


@pytest.fixture
def site():
    with Site() as made:
        made.serve('interfaces = ["eth0"]\n')
        made.wait_for_copy()
        yield made


def test_removed_then_started_without_it_then_brought_back(site):
    site.remove_database()
    site.must_be_degraded("was removed while it was in use")
    site.stop()
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_degraded("bootferry.db is gone", "cp -p")
    site.stop()
    config = site.directory / "bootferry.toml"
    check = subprocess.run([site.program, "check", "--config", config], capture_output=True, text=True)
    assert check.returncode == 1 and "DEGRADED" in check.stdout and "cp -p" in check.stdout
    # As it says.
    sh(f"rm -f {site.state}/bootferry.db-*; cp -p {site.state}/bootferry.kept.db {site.state}/bootferry.db")
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_well()


def test_a_damaged_page(site):
    site.stop()
    path = site.state / "bootferry.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xa5" * 8192 + whole[16384:])
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_degraded("damaged", "cp -p")
    site.stop()
    path.write_bytes(whole)
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_well()


def test_locked_by_another_program(site):
    holder = sqlite3.connect(site.state / "bootferry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert "is locked by another program" in site.change()[1]
    site.must_be_degraded("is locked by another program")
    # A start under the lock.
    site.stop()
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_degraded("is locked by another program")
    holder.rollback()
    holder.close()
    site.stop()
    site.serve('interfaces = ["eth0"]\n')
    site.must_be_well()


def test_the_lock_is_given_back(site):
    holder = sqlite3.connect(site.state / "bootferry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert site.change()[0] == 1
    holder.rollback()
    holder.close()
    site.must_be_well()


class SmallDisk(Site):
    """Its state is on a file system that can be filled."""

    def __enter__(self):
        self.state.mkdir()
        sh(f"mount -t tmpfs -o size=16m tmpfs {self.state}")
        return super().__enter__()

    def __exit__(self, *details):
        self.stop()
        subprocess.run(["umount", self.state])
        super().__exit__(*details)

    def fill(self):
        with open(self.state / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass


def test_a_full_disk():
    with SmallDisk() as site:
        site.serve('interfaces = ["eth0"]\n')
        site.wait_for_copy()
        site.fill()
        code = 0
        for _ in range(50):  # until the journal's last page is used up
            code, said = site.change()
            if code:
                break
        assert code == 1 and "full" in said, said
        site.must_be_degraded("the disk is full")
        site.stop()
        site.serve('interfaces = ["eth0"]\n')
        site.must_boot()
        site.stop()
        (site.state / "filler").unlink()
        site.serve('interfaces = ["eth0"]\n')
        site.must_be_well()
