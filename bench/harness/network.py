# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces and a cable: the servers' end and the generator's end. Nothing
here can reach, or be reached from, the machine's own networks.

The namespaces' names end in no dash, so that the test lab's clean-up leaves them alone.
"""
import os
import pathlib
import re
import signal
import subprocess

SERVER = "10.231.0.1"
CLIENT = "10.231.0.2"
# The generator's further addresses: servers limit what one address may have.
CLIENTS = [f"10.231.0.{n}" for n in range(10, 210)]
NETNS = pathlib.Path("/run/netns")


class BenchError(Exception):
    """Something that is not a measurement went wrong; the text says what."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Pair:
    def __init__(self):
        self.server, self.client = f"bfb{os.getpid()}s", f"bfb{os.getpid()}c"

    def __enter__(self):
        remove_leftovers()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _build(self):
        for name in (self.server, self.client):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "eth0", "mtu", "1500", "netns", self.server, "type", "veth",
            "peer", "name", "eth0", "mtu", "1500", "netns", self.client)
        addresses = [(self.server, SERVER)] + [(self.client, a) for a in [CLIENT, *CLIENTS]]
        for name, address in addresses:
            run("ip", "-n", name, "address", "add", f"{address}/24", "brd", "10.231.0.255", "dev", "eth0")
        for name in (self.server, self.client):
            run("ip", "-n", name, "link", "set", "eth0", "up")

    def segmentation(self, on):
        """Whether the cable takes a UDP_SEGMENT burst whole, or the sender's kernel cuts it
        up first, as it does for most real network cards."""
        for name in (self.server, self.client):
            run("ip", "netns", "exec", name, "ethtool", "-K", "eth0", "tx-udp-segmentation",
                "on" if on else "off")

    def close(self):
        for name in (self.server, self.client):
            remove(name)


def remove(name):
    """A namespace of ours, and what still runs inside it."""
    if not (NETNS / name).exists():
        return
    pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout
    for pid in pids.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def remove_leftovers():
    """Of runs that were killed before they could clean up."""
    for path in NETNS.glob("bfb*"):
        owner = re.fullmatch(r"bfb(\d+)[sc]", path.name)
        if owner and not pathlib.Path("/proc", owner[1]).exists():
            remove(path.name)
