# SPDX-License-Identifier: GPL-3.0-or-later
"""`bootferry serve` in a network namespace of its own, with clients in two others: one on
eth0, which it serves, one on eth1, which it does not. For tests from outside."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests"))

from fake_kernel import fake_kernel  # noqa: E402

SERVER, CLIENT = "192.0.2.1", "192.0.2.100"
OTHER_SERVER, OTHER_CLIENT = "198.51.100.1", "198.51.100.100"
CLIENT_MAC = "52:54:00:12:34:56"


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True, capture_output=True, text=True)


def program():
    named = os.environ.get("BOOTFERRY_BIN")
    found = pathlib.Path(named) if named else TREE / "build/dev/bootferry"
    if not found.is_file():
        pytest.skip(f"{found} is not built")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    return found


class Site:
    """A site with the image «debian», deployed to CLIENT_MAC."""
    terms = ()  # of the deployment

    def __init__(self):
        self.program = program()
        # Not pytest's own directory, which is closed to everybody else: the server becomes nobody.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bootferry-http-"))
        self.directory.chmod(0o755)
        self.server, self.near, self.far = (f"http-{end}{os.getpid()}" for end in "snf")
        self.kernel = fake_kernel(5_000_000)
        self.process = None

    def __enter__(self):
        (self.directory / "linux").write_bytes(self.kernel)
        self.cli("image", "add", "debian", "--kernel", self.directory / "linux")
        self.cli("deploy", "debian", "--to", CLIENT_MAC, *self.terms)
        sh(f"""
            for ns in {self.server} {self.near} {self.far}; do ip netns add $ns; ip -n $ns link set lo up; done
            ip -n {self.server} link add eth0 type veth peer name eth0 netns {self.near}
            ip -n {self.server} link add eth1 type veth peer name eth0 netns {self.far}
            ip -n {self.near} link set eth0 address {CLIENT_MAC}
            ip -n {self.server} addr add {SERVER}/24 dev eth0; ip -n {self.near} addr add {CLIENT}/24 dev eth0
            ip -n {self.server} addr add {OTHER_SERVER}/24 dev eth1
            ip -n {self.far} addr add {OTHER_CLIENT}/24 dev eth0
            ip -n {self.server} link set eth0 up; ip -n {self.near} link set eth0 up
            ip -n {self.server} link set eth1 up; ip -n {self.far} link set eth0 up
            ip -n {self.near} route add default via {SERVER}; ip -n {self.far} route add default via {OTHER_SERVER}
            """)
        return self

    def __exit__(self, *_):
        self.stop()
        for name in (self.server, self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(self.directory)

    def cli(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments), "--state", self.directory / "state"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self, configuration):
        """Starts it with these lines of TOML below [server]'s; returns when it serves."""
        path = self.directory / "bootferry.toml"
        path.write_text(f'[server]\nuser = "nobody"\nstate = "{self.directory}/state"\n'
                        f'socket = "{self.directory}/run/control"\n{configuration}')
        (self.directory / "notify").unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(self.directory / "notify"))
            (self.directory / "notify").chmod(0o666)
            notify.settimeout(20)
            self.log = open(self.directory / "log", "ab")
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.server, self.program, "serve", "--config", path], stderr=self.log,
                env={**os.environ, "NOTIFY_SOCKET": str(self.directory / "notify")})
            try:
                assert b"READY=1" in notify.recv(4096)
            except BaseException:
                print((self.directory / "log").read_text())
                raise

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.log.close()
            self.process = None

    def curl(self, namespace, *arguments):
        """Status code and body."""
        done = subprocess.run(["ip", "netns", "exec", namespace, "curl", "-sS", "--max-time", "20", "-o", "-", "-w",
                               "%{stderr}%{http_code}", *map(str, arguments)], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return int(done.stderr), done.stdout


@pytest.fixture(scope="module")
def site():
    with Site() as made:
        yield made
