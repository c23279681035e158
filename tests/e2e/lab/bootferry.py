# SPDX-License-Identifier: GPL-3.0-or-later
"""The server under test and its command line, inside a host of the lab."""

import os
import pathlib
import shutil
import socket

from .process import LabError, wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


# The server drops its privileges to this user; it owns the state directory, as
# the package's own user does on a real machine.
USER = "nobody"


def binary():
    """BOOTFERRY_BIN, else the release build, else the development build, else None."""
    if chosen := os.environ.get("BOOTFERRY_BIN"):
        return pathlib.Path(chosen).resolve(strict=True)
    builds = (REPOSITORY / "build" / kind / "bootferry" for kind in ("release", "dev"))
    return next((b for b in builds if b.is_file()), None)


def _toml(tables):
    """{"http": {"port": 80}} as TOML: text, numbers, booleans, lists and tables of these."""
    def value(v):
        if isinstance(v, bool):
            return str(v).lower()
        if isinstance(v, (list, tuple)):
            return "[" + ", ".join(map(value, v)) + "]"
        if isinstance(v, dict):
            return "{ " + ", ".join(f'"{k}" = {value(one)}' for k, one in v.items()) + " }"
        return str(v) if isinstance(v, int) else f'"{v}"'
    return "\n".join(f"[{table}]\n" + "".join(f"{k} = {value(v)}\n" for k, v in keys.items())
                     for table, keys in tables.items())


class Bootferry:
    """config: tables to add to, or to change in, the configuration:
    Bootferry(lab, services={"proxydhcp": False})
    name: of its log, and of its folder; two servers need two."""

    def __init__(self, lab, host=None, name="bootferry", **config):
        self.host, self.name = host or lab.boot, name
        self.program = binary()
        folder = lab.scratch / name
        folder.mkdir()
        folder.chmod(0o711)
        self.state = folder / "state"
        self.state.mkdir()
        shutil.chown(self.state, USER)
        self.socket = folder / "run" / "control"
        self.socket.parent.mkdir()
        shutil.chown(self.socket.parent, USER)
        self.config = folder / "bootferry.toml"
        self._notify = folder / "notify"
        tables = {"server": {"interfaces": ["eth0"], "state": self.state, "socket": self.socket,
                             "user": USER}}
        for table, keys in config.items():
            tables.setdefault(table, {}).update(keys)
        self.config.write_text(_toml(tables))
        self.process = None

    def start(self):
        """Starts the server and waits until it says that it is ready."""
        self._notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(self._notify))
            self._notify.chmod(0o777)  # as systemd's: the server speaks when it is nobody already
            notify.setblocking(False)
            self.process = self.host.spawn(
                self.program, "serve", "--config", self.config, name=self.name,
                env={**os.environ, "NOTIFY_SOCKET": str(self._notify)})

            def ready():
                self.process.check_alive()
                try:
                    return b"READY=1" in notify.recv(4096)
                except BlockingIOError:
                    return False
            wait_until(ready, 20, "bootferry to be ready")
        return self

    def stop(self):
        return self.process.stop()

    def cli(self, *arguments, check=True, timeout=60):
        """A command, to the running server or to its state when it is stopped."""
        where = (["--socket", self.socket] if self.process and self.process.running
                 else ["--state", self.state])
        return self.host.run(self.program, *arguments, *where, check=check, timeout=timeout)

    def add_marker(self, marker, name="marker", cmdline="console=ttyS0"):
        self.cli("image", "add", name, "--kernel", marker.kernel, "--initrd", marker.initrd,
                 "--cmdline", cmdline)
        return name

    def deploy(self, image, to):
        return self.cli("deploy", image, "--to", to)

    def edit(self, *arguments):
        """Changes records for which there is no command (tests/interop/edit_site.cc), while it is
        stopped."""
        tools = [self.program.parent / "tests/edit_site", REPOSITORY / "build/dev/tests/edit_site"]
        tool = next((t for t in tools if t.is_file()), None)
        if tool is None:
            raise LabError("edit_site is not built")
        return self.host.run(tool, self.state, *arguments).stdout

    def log(self):
        return self.process.text()

    def wait_for_log(self, substring, timeout=10):
        self.process.wait_for(substring, timeout)

    def must_be_alive(self):
        if not self.process.running:
            raise LabError("bootferry died:\n" + self.log()[-3000:])
