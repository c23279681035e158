# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as these tests run it: on a stopped server's state, or against a running one.

BOOTFERRY_BIN names the binary; build/dev/bootferry otherwise."""

import json
import os
import pathlib
import socket
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from fake_kernel import fake_kernel  # noqa: E402

BUILT = pathlib.Path(os.environ.get("BOOTFERRY_BIN", REPOSITORY / "build/dev/bootferry"))
program = BUILT  # conftest puts a copy here that any user may run
MAC = "52:54:00:12:34:56"
ROOT = os.geteuid() == 0


def bootferry(*arguments, **options):
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if "input" in options:
        del options["stdin"]
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


class Site:
    """A state directory, and files to publish."""

    def __init__(self, directory):
        self.directory = directory
        self.state = directory / "state"
        self.config = directory / "bootferry.toml"
        self.kernel = directory / "linux"
        self.initrd = directory / "initrd.gz"
        self.kernel.write_bytes(fake_kernel())
        self.initrd.write_bytes(b"initrd")

    def run(self, *arguments, **options):
        return bootferry(*arguments, "--state", self.state, **options)

    def good(self, *arguments, **options):
        result = self.run(*arguments, **options)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def json(self, *arguments, **options):
        return json.loads(self.good(*arguments, "--json", **options))

    def refused(self, *arguments, **options):
        return one_line(self.run(*arguments, **options), 1)

    def add(self, name="debian"):
        return self.good("image", "add", name, "--kernel", self.kernel, "--initrd", self.initrd)

    def tree(self):
        tree = self.directory / "tree"
        (tree / "boot").mkdir(parents=True)
        (tree / "boot/linux").write_bytes(fake_kernel())
        (tree / "boot/initrd.gz").write_bytes(b"initrd")
        (tree / "pxelinux.cfg").mkdir()
        (tree / "pxelinux.cfg/default").write_text(
            "default install\nlabel install\n kernel boot/linux\n append initrd=boot/initrd.gz quiet\n")
        return tree

    def configure(self, text):
        self.config.write_text(text)
        return bootferry("check", "--config", self.config, "--state", self.state)

    def files(self):
        return {path: path.read_bytes() for path in (self.state / "library/files").rglob("*") if path.is_file()}


class Server:
    """`serve` in a network of its own, as root that becomes nobody."""

    def __init__(self, site):
        self.site = site
        self.socket = site.directory / "run/control"
        site.config.write_text(f'[server]\nuser = "nobody"\nstate = "{site.state}"\nsocket = "{self.socket}"\n')

    def __enter__(self):
        notify_path = self.site.directory / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify_path.unlink(missing_ok=True)  # of the life before
            notify.bind(str(notify_path))
            notify_path.chmod(0o666)  # as systemd's is: it is told by whom the server becomes
            notify.settimeout(20)
            self.process = subprocess.Popen(
                ["unshare", "-n", program, "serve", "--config", self.site.config], stderr=subprocess.PIPE, text=True,
                env={**os.environ, "NOTIFY_SOCKET": str(notify_path)})
            try:
                assert b"READY=1" in notify.recv(4096)
            except BaseException:
                self.process.kill()
                raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.log = self.process.communicate(timeout=20)[1]

    def run(self, *arguments, **options):
        return bootferry(*arguments, "--socket", self.socket, **options)

    def good(self, *arguments):
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def json(self, *arguments):
        return json.loads(self.good(*arguments, "--json"))


def one_line(result, code):
    """The error, after holding it against the rules: one line, ours, and the right exit code."""
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stderr.startswith("bootferry: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr
