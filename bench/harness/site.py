# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a benchmark takes place: the two namespaces, the files, the generator."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

from .network import CLIENT, SERVER, BenchError, Pair
from .servers import REPOSITORY

SIZES = {"small": 1500, "200k": 200_000, "1m": 1 << 20, "5m": 5 << 20, "30m": 30_000_000}
WRONG_BYTES = 3   # the generator's exit code


class Site:
    relay = CLIENT

    def __init__(self):
        self.generator = pathlib.Path(os.environ.get(
            "BENCH_LOAD", REPOSITORY / "build/release/bench/bootferry-bench-load"))
        self.wrong_bytes = []
        self.generator_cpu = 0.0

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"bfb{os.getpid()}-"))
        self.directory.chmod(0o755)
        self.pair = Pair()
        try:
            self.tree = self.directory / "files"
            self.tree.mkdir()
            self.files = {}
            dice = random.Random(20261121)
            for name, size in SIZES.items():
                self.files[name] = self.tree / name
                self.files[name].write_bytes(dice.randbytes(size))
            self.certificate, self.key = self._certificate()
            self.pair.__enter__()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _certificate(self):
        """One for all servers; the generator believes any."""
        pem, key = self.directory / "tls.pem", self.directory / "tls.key"
        done = subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=bench", "-newkey", "ec",
                               "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key, "-out", pem],
                              capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"openssl: {done.stderr.strip()}")
        key.chmod(0o640)
        return pem, key

    def __exit__(self, *_):
        self.pair.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, arguments, cpu=None, check=True, limit=600):
        """Runs the generator in its namespace; its report, and its CPU time in generator_cpu."""
        command = ["ip", "netns", "exec", self.pair.client,
                   *(["taskset", "-c", str(cpu)] if cpu is not None else []),
                   str(self.generator), *map(str, arguments), "--server", SERVER]
        before = os.times()
        # Its own group would outlive us; killed at the limit, and when we are.
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
        after = os.times()
        self.generator_cpu = (after.children_user + after.children_system
                              - before.children_user - before.children_system)
        if done.returncode == WRONG_BYTES:
            self.wrong_bytes.append(" ".join(map(str, arguments)))
        elif done.returncode and check:
            raise BenchError(f"generator: exit {done.returncode}: {done.stderr.strip()}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            if check:
                raise BenchError(f"generator: no report: {done.stdout[:200]} {done.stderr[:200]}") from None
            return None


def fetch_atftpd():
    """Debian's atftpd, unpacked under build/bench; nothing is installed."""
    folder = REPOSITORY / "build/bench/atftpd"
    program = folder / "usr/sbin/atftpd"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(["apt-get", "download", "-q", "atftpd"], cwd=folder, capture_output=True, text=True)
        packages = sorted(folder.glob("atftpd_*.deb"))
        if not packages:
            raise BenchError(f"apt-get download atftpd: {got.stderr.strip()} (is `apt-get update` needed?)")
        subprocess.run(["dpkg-deb", "-x", packages[-1], folder], check=True)
    return program
