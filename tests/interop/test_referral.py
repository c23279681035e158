# SPDX-License-Identifier: GPL-3.0-or-later
"""One server refers machines to two others; all three are real, the machines are scapy's. Servers
die and come back; nobody is listed for being asked."""
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import pytest

from boot_site import TREE, program, sh
from fake_kernel import fake_kernel

REFERRER, SECOND, THIRD, MACHINE = (f"192.0.2.{n}" for n in (1, 2, 3, 100))
FILE = "images/debian/1/linux"
MACS = [f"52:54:00:12:35:{n:02x}" for n in range(10)]
KNOWN = "52:54:00:12:34:56"
HERE = pathlib.Path(__file__).parent


class Server:
    """A host of the network, with a site of its own."""

    def __init__(self, lan, name, address):
        self.lan, self.name, self.address = lan, name, address
        self.namespace = lan.host(name, address)
        self.directory = lan.directory / name
        self.directory.mkdir()
        self.kernel = fake_kernel(300_000)
        (self.directory / "linux").write_bytes(self.kernel)
        self.cli("image", "add", "debian", "--kernel", self.directory / "linux")
        self.process = None

    def cli(self, *arguments, running=False):
        where = ["--socket", self.directory / "run/control"] if running else ["--state", self.directory / "state"]
        done = subprocess.run([self.lan.program, *map(str, arguments), *where], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def records(self, script):
        """Into the database of the stopped server."""
        with sqlite3.connect(self.directory / "state/bootferry.db") as database:
            database.executescript(script)
        database.close()

    def start(self, configuration=""):
        path = self.directory / "bootferry.toml"
        path.write_text(f'[server]\nuser = "nobody"\nstate = "{self.directory}/state"\ninterfaces = ["eth0"]\n'
                        f'socket = "{self.directory}/run/control"\n{configuration}')
        subprocess.run(["chown", "-R", "nobody", self.directory / "state"], check=True)
        notify_at = self.directory / "notify"
        notify_at.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notify_at))
            notify_at.chmod(0o666)
            notify.settimeout(20)
            self.log = open(self.directory / "log", "ab")
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, self.lan.program, "serve", "--config", path],
                stderr=self.log, env={**os.environ, "NOTIFY_SOCKET": str(notify_at)})
            try:
                assert b"READY=1" in notify.recv(4096)
            except BaseException:
                print((self.directory / "log").read_text())
                raise

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(20) == 0
            self.log.close()
            self.process = None

    def notes(self):
        return json.loads(self.cli("status", "--json", running=True))["notes"]


class Lan:
    def __init__(self):
        self.program = program()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bootferry-refer-"))
        self.directory.chmod(0o755)
        self.namespaces, self.servers = [], []

    def __enter__(self):
        self.hub = self.namespace("hub")
        sh(f"ip -n {self.hub} link add br0 type bridge; ip -n {self.hub} link set br0 up")
        return self

    def __exit__(self, *_):
        for server in self.servers:
            if server.process:
                server.process.kill()
                server.process.wait()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(self.directory)

    def namespace(self, name):
        full = f"refer{os.getpid()}-{name}"
        sh(f"ip netns add {full}; ip -n {full} link set lo up")
        self.namespaces.append(full)
        return full

    def host(self, name, address):
        full = self.namespace(name)
        sh(f"""ip -n {self.hub} link add p-{name} type veth peer name eth0 netns {full}
               ip -n {self.hub} link set p-{name} master br0 up
               ip -n {full} addr add {address}/24 dev eth0; ip -n {full} link set eth0 up""")
        return full

    def server(self, name, address):
        self.servers.append(Server(self, name, address))
        return self.servers[-1]

    def run(self, *command):
        done = subprocess.run(["ip", "netns", "exec", self.machine, *map(str, command)], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def scapy(self, *arguments):
        return json.loads(self.run("/usr/bin/python3", HERE / "scapy_machine.py", *arguments))


@pytest.fixture(scope="module")
def lan():
    with Lan() as made:
        made.machine = made.host("pc", MACHINE)
        sh(f"ip -n {made.machine} link set eth0 address {KNOWN}")
        made.referrer = made.server("first", REFERRER)
        made.second, made.third = made.server("second", SECOND), made.server("third", THIRD)
        made.referrer.records(f"""
            INSERT INTO servers (id, name, address, revision) VALUES (1, 'second', '{SECOND}', 1),
                                                                     (2, 'third', '{THIRD}', 1);
            INSERT INTO server_files (server, arch, path) VALUES (1, 'bios', '{FILE}'), (2, 'bios', '{FILE}'),
                (1, 'x64', 'x64/snponly.efi'), (2, 'x64', 'x64/snponly.efi');
            INSERT INTO referrals (id, name, revision) VALUES (1, 'branch', 1);
            INSERT INTO referral_shares (referral, position, server, weight) VALUES (1, 0, 1, 1), (1, 1, 2, 1);
            INSERT INTO networks (name, subnet, referral, revision) VALUES ('branch', '192.0.2.0/24', 1, 1);
            """)
        for server in (made.second, made.third):
            # It would list every stranger that asks.
            server.records("INSERT OR REPLACE INTO settings (key, value) VALUES ('add_unknown', '1'), "
                           "('answer', 'all')")
            server.cli("deploy", "debian", "--to", KNOWN)
            server.start("[services]\nproxydhcp = false\n")
        made.referrer.start("[referrals]\nprobe_seconds = 1\n[admission]\nat_once = 1\n")
        yield made


def placed(lan, macs=tuple(MACS)):
    """Where each machine is sent."""
    told = lan.scapy("discover", *macs)
    for offers in told.values():
        assert [(o["server"], o["file"]) for o in offers] == [(REFERRER, FILE)], told
    return {mac: offers[0]["siaddr"] for mac, offers in told.items()}


def wait_for_note(lan, *words):
    end = time.monotonic() + 15
    while time.monotonic() < end:
        notes = lan.referrer.notes()
        if all(any(word in note for note in notes) for word in words):
            return
        time.sleep(0.2)
    raise AssertionError(f"{words} not in {notes}")


def fetched(lan, server):
    output = lan.directory / "got"
    lan.run("/usr/bin/python3", HERE / "tftp_client.py", server, "69", FILE, output)
    return output.read_bytes()


def test_machines_are_shared_out_and_served_there(lan):
    wait_for_note(lan, "server second (192.0.2.2): answers since", "server third (192.0.2.3): answers since")
    at = placed(lan)
    assert set(at.values()) == {SECOND, THIRD}
    assert placed(lan) == at, "each meets the same server again"
    assert fetched(lan, SECOND) == lan.second.kernel
    assert json.loads(lan.referrer.cli("queue", "--json", running=True)) == [], "they load elsewhere"


def test_a_dead_servers_machines_move_and_come_back(lan):
    at = placed(lan)
    lan.third.stop()
    wait_for_note(lan, "server third (192.0.2.3): dead since")
    assert placed(lan) == {mac: SECOND for mac in MACS}
    assert "server third (192.0.2.3) is dead: TFTP: no answer" in (lan.referrer.directory / "log").read_text()
    lan.second.stop()
    wait_for_note(lan, "server second (192.0.2.2): dead since")
    assert placed(lan) == at, "with nobody left they are sent as if all lived: a probe may be wrong"
    lan.second.start("[services]\nproxydhcp = false\n")
    wait_for_note(lan, "server second (192.0.2.2): answers since")
    assert placed(lan) == {mac: SECOND for mac in MACS}
    lan.third.start("[services]\nproxydhcp = false\n")
    wait_for_note(lan, "server third (192.0.2.3): answers since")
    assert placed(lan) == at


def test_a_server_without_the_file_is_dead(lan):
    at = placed(lan)
    files = (lan.third.directory / "state/library/files").glob("*/*")
    kernel = max(files, key=lambda path: path.stat().st_size)
    lan.third.stop()
    kernel.rename(lan.third.directory / "away")
    lan.third.start("[services]\nproxydhcp = false\n")
    wait_for_note(lan, f"TFTP: {FILE}: the file is not there")
    wait_for_note(lan, "server third (192.0.2.3): dead")
    assert set(placed(lan).values()) == {SECOND}
    lan.third.stop()
    (lan.third.directory / "away").rename(kernel)
    lan.third.start("[services]\nproxydhcp = false\n")
    wait_for_note(lan, "server third (192.0.2.3): answers since")
    assert placed(lan) == at


def test_asking_lists_nobody(lan):
    for server in (lan.second, lan.third):
        status = json.loads(server.cli("status", "--json", running=True))
        assert status["counters"]["udp4011.in.probed"] >= 1
        assert status["counters"]["tftp.timed-out"] == 0, "each transfer is broken off"
        with sqlite3.connect(f"file:{server.directory}/state/bootferry.db?mode=ro", uri=True) as database:
            assert database.execute("SELECT name FROM devices").fetchall() == [(KNOWN.replace(":", "-"),)]
        database.close()


def test_second_order_by_options_66_and_67_and_port_4011(lan):
    """A lease named us; the program that was loaded from here asks us, and is sent on."""
    assert fetched(lan, REFERRER) == lan.referrer.kernel
    for mac, server in list(placed(lan).items())[:3]:
        assert lan.scapy("ask", mac, MACHINE, REFERRER) == {
            "type": 5, "server": REFERRER, "siaddr": server, "file": FILE}


def test_second_order_by_an_ipxe_script(lan):
    """Option 67 named our script, which goes to the other server's, which boots the machine."""
    def get(url):
        return lan.run("curl", "-sS", "--fail", url)
    lan.scapy("ask", KNOWN, MACHINE, REFERRER)  # the address was another machine's before
    assert f"chain http://{REFERRER}/ipxe/" in get(f"http://{REFERRER}/boot.ipxe")
    name = f"ipxe/{KNOWN.replace(':', '-')}.ipxe"
    script = get(f"http://{REFERRER}/{name}")
    sent_to = placed(lan, [KNOWN])[KNOWN]
    assert f"chain --replace --autofree http://{sent_to}/ipxe/${{netX/mac:hexhyp}}.ipxe ||" in script
    assert f"kernel http://{sent_to}/images/debian/1/linux" in get(f"http://{sent_to}/{name}")
