# SPDX-License-Identifier: GPL-3.0-or-later
"""A running TFTP server and the files it serves.

TFTP_SERVE names the helper program built from tftp_serve.cc; without it the builds in this
tree are looked through.
"""
import hashlib
import os
import pathlib
import random
import subprocess

import pytest

SIZES = [0, 1, 511, 512, 513, 1_000_000]
LARGE = [32 * 1024 * 1024 + 1, 100_000_000]
TREE = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tftp_serve():
    named = os.environ.get("TFTP_SERVE")
    found = [pathlib.Path(named)] if named else sorted(TREE.glob("build/*/tests/tftp_serve"))
    if not found:
        pytest.skip("tftp_serve is not built (./dev build)")
    assert found[0].exists(), f"TFTP_SERVE={named}: no such file"
    return str(found[0])


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A directory with one file a size, named f<size>; the content depends on its offset."""
    root = tmp_path_factory.mktemp("served")
    for size in SIZES + LARGE:
        (root / f"f{size}").write_bytes(random.Random(size).randbytes(size))
    return root


class Server:
    def __init__(self, program, root, address="127.0.0.1", port=0, extra=(), prefix=()):
        command = [*prefix, program, str(root), address, str(port), *extra]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"], f"{command} said {ready}"
        self.address, self.port = address, int(ready[1])
        # Events are for people; a full pipe must not stop the server.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.drain.wait()


@pytest.fixture(scope="session")
def server(tftp_serve, files):
    running = Server(tftp_serve, files, extra=["64", "fragments"])
    yield running
    assert running.process.poll() is None, "the server died"
    running.stop()


def digest(path_or_bytes):
    content = path_or_bytes if isinstance(path_or_bytes, bytes) else pathlib.Path(path_or_bytes).read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
