# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that wait for an approval, and following a running server."""

import json
import signal
import subprocess
import time

import cli_site
import pytest
from cli_site import ROOT, Server, one_line

pytestmark = pytest.mark.skipif(not ROOT, reason="opens ports below 1024: needs root")

# A PXE ROM's DISCOVER, broadcast in the server's own network.
ASK = """
import sys
from scapy.all import *
mac = sys.argv[1]
conf.checkIPaddr = False
packet = (Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") /
          UDP(sport=68, dport=67) / BOOTP(chaddr=bytes.fromhex(mac.replace(":", "")), xid=int(sys.argv[2]), flags=0x8000) /
          DHCP(options=[("message-type", "discover"), ("vendor_class_id", b"PXEClient:Arch:00000:UNDI:002001"),
                        (93, b"\\x00\\x00"), (94, b"\\x01\\x02\\x01"), "end"]))
sendp(packet, iface="there", verbose=False)
"""


class Wire(Server):
    """A running server with a wire on which machines can ask."""

    def __enter__(self):
        super().__enter__()
        pid = str(self.process.pid)
        for command in ("ip link add here type veth peer name there", "ip addr add 10.237.0.1/24 dev here",
                        "ip link set here up", "ip link set there up"):
            subprocess.run(["nsenter", "-t", pid, "-n", *command.split()], check=True)
        return self

    def ask(self, mac, xid=1):
        subprocess.run(["nsenter", "-t", str(self.process.pid), "-n", "/usr/bin/python3", "-c", ASK, mac, str(xid)],
                       check=True, capture_output=True, timeout=30)

    def wait_for(self, count):
        deadline = time.monotonic() + 20
        while len(waiting := self.json("pending", "list")) != count:
            assert time.monotonic() < deadline, waiting
            time.sleep(0.1)
        return waiting


def test_approve_reject_and_watch(site):
    site.good("settings", "set", "add_unknown=yes")
    site.good("collection", "add", "lab")
    with Wire(site) as server:
        assert server.good("pending", "list") == "no machine waits for an approval\n"
        watch = subprocess.Popen([cli_site.program, "pending", "watch", "--socket", server.socket],
                                 stdout=subprocess.PIPE, text=True)
        assert watch.stdout.readline() == "no machine waits for an approval\n"
        time.sleep(1)  # the wire is known to the server
        for i, mac in enumerate(("52:54:00:00:00:01", "52:54:00:00:00:02")):
            deadline = time.monotonic() + 20
            while len(server.json("pending", "list")) != i + 1:
                assert time.monotonic() < deadline
                server.ask(mac, i + 1)
                time.sleep(0.3)
        first, second = server.json("pending", "list")
        assert first["macs"] == ["52:54:00:00:00:01"]
        assert "52:54:00:00:00:02" in server.good("pending", "list")
        assert watch.stdout.readline().startswith("REQUEST")
        watch.send_signal(signal.SIGINT)
        watch.wait(timeout=10)

        assert "nobody" not in one_line(server.run("pending", "approve", "9999"), 1)
        assert "collections/0" in one_line(
            server.run("pending", "approve", first["request"], "--collection", "none"), 1)
        approved = server.json("pending", "approve", first["request"], "--name", "pc-1", "--collection", "lab")
        assert approved["state"] == "approved" and approved["collections"] == ["lab"]
        assert "rejected request" in server.good("pending", "reject", second["request"])
        assert server.json("pending", "list") == []
        verbs = [e["verb"] for e in server.json("event", "list")]
        assert "approved" in verbs and "rejected" in verbs


def test_following_events(site):
    site.good("collection", "add", "old")
    with Server(site) as server:
        follow = subprocess.Popen([cli_site.program, "event", "list", "--follow", "--json", "--socket", server.socket],
                                  stdout=subprocess.PIPE, text=True)
        assert json.loads(follow.stdout.readline())["name"] == "old"
        server.good("collection", "add", "fresh")
        assert json.loads(follow.stdout.readline())["name"] == "fresh"
        follow.send_signal(signal.SIGINT)
        assert follow.wait(timeout=10) != 0
