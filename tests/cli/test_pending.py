# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that wait for an approval, and following a running server."""

import contextlib
import json
import signal
import sqlite3
import subprocess

import cli_site
import pytest
from cli_site import ROOT, Server, one_line

# As in a terminal, however the tests themselves were started: a shell's background job ignores it.
INTERRUPTIBLE = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}

pytestmark = pytest.mark.skipif(not ROOT, reason="opens ports below 1024: needs root")


def let_wait(site, number, mac):
    """A stranger as the server records it when it asks (which the lab's tests do)."""
    site.good("device", "add", f"stranger-{number}", "--mac", mac, "--in-state", "pending")
    with contextlib.closing(sqlite3.connect(site.state / "bootferry.db")) as database, database:
        database.execute("UPDATE devices SET request = ? WHERE name = ?", (number, f"stranger-{number}"))


def test_approve_reject_and_watch(site):
    site.good("collection", "add", "lab")
    assert site.good("pending", "list") == "no machine waits for an approval\n"
    let_wait(site, 7, "52:54:00:00:00:01")
    let_wait(site, 8, "52:54:00:00:00:02")
    with Server(site) as server:
        first, second = server.json("pending", "list")
        assert (first["request"], first["macs"]) == (7, ["52:54:00:00:00:01"])
        watch = subprocess.Popen([cli_site.program, "pending", "watch", "--socket", server.socket],
                                 stdout=subprocess.PIPE, text=True, **INTERRUPTIBLE)
        shown = [watch.stdout.readline() for _ in range(3)]
        assert shown[0].startswith("REQUEST") and "52:54:00:00:00:02" in shown[2]

        assert "9999" in one_line(server.run("pending", "approve", "9999"), 1)
        assert "collections/0" in one_line(server.run("pending", "approve", "7", "--collection", "none"), 1)
        approved = server.json("pending", "approve", "7", "--name", "pc-1", "--collection", "lab")
        assert approved["state"] == "approved" and approved["collections"] == ["lab"]
        assert watch.stdout.readline().startswith("REQUEST"), "it goes on by itself"
        assert "52:54:00:00:00:02" in watch.stdout.readline()
        assert server.good("pending", "reject", "8") == "rejected request 8: stranger-8\n"
        assert watch.stdout.readline() == "no machine waits for an approval\n"
        watch.send_signal(signal.SIGINT)
        watch.wait(timeout=10)
        assert server.json("pending", "list") == []
        assert [e["verb"] for e in server.json("event", "list")][-2:] == ["approved", "rejected"]
    assert site.json("device", "show", "stranger-8")["state"] == "rejected"


def test_following_events(site):
    site.good("collection", "add", "old")
    with Server(site) as server:
        follow = subprocess.Popen([cli_site.program, "event", "list", "--follow", "--json", "--socket", server.socket],
                                  stdout=subprocess.PIPE, text=True, **INTERRUPTIBLE)
        assert json.loads(follow.stdout.readline())["name"] == "old"
        server.good("collection", "add", "fresh")
        assert json.loads(follow.stdout.readline())["name"] == "fresh"
        follow.send_signal(signal.SIGINT)
        assert follow.wait(timeout=10) != 0
