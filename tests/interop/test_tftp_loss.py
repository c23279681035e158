# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers over a link of which nftables drops packets at random, each way."""
import os
import pathlib
import subprocess
import sys
import time

import pytest

from conftest import Server, digest

CLIENT = pathlib.Path(__file__).with_name("tftp_client.py")
PER_MILLE = 10


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def lossy_link():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    here, there = f"tftp-s{os.getpid()}", f"tftp-c{os.getpid()}"
    drop = f"meta l4proto udp numgen random mod 1000 < {PER_MILLE} drop"
    try:
        sh(f"""
            ip netns add {here}; ip netns add {there}
            ip -n {here} link add eth0 type veth peer name eth0 netns {there}
            ip -n {here} addr add 10.69.0.1/24 dev eth0; ip -n {there} addr add 10.69.0.2/24 dev eth0
            ip -n {here} link set eth0 up; ip -n {there} link set eth0 up
            for ns in {here} {there}; do
              ip netns exec $ns nft 'add table ip loss'
              ip netns exec $ns nft 'add chain ip loss in {{ type filter hook input priority 0; }}'
              ip netns exec $ns nft 'add rule ip loss in {drop}'
            done""")
        yield here, there
    finally:
        for name in (here, there):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.fixture(scope="module")
def far_server(tftp_serve, files, lossy_link):
    running = Server(tftp_serve, files, "10.69.0.1", 69, ["64"], ["ip", "netns", "exec", lossy_link[0]])
    yield running
    running.stop()


CASES = [(blksize, windowsize, habit) for windowsize, habit in
         [(1, "strict"), (4, "strict"), (4, "edk2"), (16, "strict"), (16, "edk2"), (64, "edk2")]
         for blksize in (512, 1468)]


@pytest.mark.parametrize("blksize, windowsize, habit", CASES)
def test_one_percent_dropped_each_way(far_server, files, lossy_link, tmp_path, blksize, windowsize, habit):
    started = time.monotonic()
    command = ["ip", "netns", "exec", lossy_link[1], sys.executable, CLIENT, "10.69.0.1", "69", "f1000000",
               tmp_path / "out", f"blksize={blksize}", f"windowsize={windowsize}", f"habit={habit}"]
    subprocess.run([str(part) for part in command], check=True, timeout=120)
    assert digest(tmp_path / "out") == digest(files / "f1000000")
    # A server with a fixed second for each loss needs 10 to 40 s in lock-step.
    assert time.monotonic() - started < 12


def test_atftp_through_loss(far_server, files, lossy_link, tmp_path):
    command = ["ip", "netns", "exec", lossy_link[1], "atftp", "--option", "blksize 1428", "--option", "windowsize 8",
               "-g", "-r", "f1000000", "-l", tmp_path / "out", "10.69.0.1"]
    subprocess.run([str(part) for part in command], check=True, timeout=120)
    assert digest(tmp_path / "out") == digest(files / "f1000000")
