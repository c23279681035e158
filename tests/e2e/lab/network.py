# SPDX-License-Identifier: GPL-3.0-or-later
"""Isolated networks out of network namespaces: nothing here can reach, or be
reached from, the machine that runs it.

        dhcp 10.238.0.14    boot 10.238.0.2
              |                  |
    ==========+=======lan========+===+======  10.238.0.0/24, clients from .100
                                     |
                          router .1 (DHCP relay, router advertisements)
                                     |
    =================far=============+======  10.239.0.0/24, clients from .100
"""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from .process import LabError, Process

DHCP_SERVER = "10.238.0.14"
BOOT_SERVER = "10.238.0.2"
DHCP_SERVER_IPV6 = "fd00:238::e"
BOOT_SERVER_IPV6 = "fd00:238::2"
ROUTER = "10.238.0.1"
FAR_ROUTER = "10.239.0.1"
PREFIX = "bf"
NETNS_DIR = pathlib.Path("/run/netns")


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


class Namespace:
    """One host, or one segment, of the lab."""

    def __init__(self, lab, name):
        self.lab, self.short = lab, name
        self.name = f"{lab.prefix}-{name}"
        ip("netns", "add", self.name)
        # No duplicate address detection: it costs a second and finds nothing here.
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.ip("link set lo up")

    def ip(self, arguments):
        return ip("-n", self.name, *arguments.split())

    def sysctl(self, key, value):
        self.run("sysctl", "-q", "-w", f"{key}={value}")

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command, check=True, timeout=60, **options):
        """Runs a program to its end in here."""
        done = subprocess.run(self.command(*command), capture_output=True, text=True,
                              timeout=timeout, **options)
        if check and done.returncode:
            raise LabError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
        return done

    def spawn(self, *command, name=None, env=None):
        """Starts a program in here that lives until the lab ends or stop()."""
        name = name or f"{self.short}-{pathlib.Path(str(command[0])).name}"
        process = Process(self.command(*command), self.lab.directory / f"{name}.log", name, env)
        return self.lab.keep(process)

    @contextlib.contextmanager
    def entered(self):
        """Sockets opened inside this block belong to this namespace for good."""
        libc, clone_newnet = ctypes.CDLL(None, use_errno=True), 0x40000000
        with open("/proc/thread-self/ns/net") as home, open(NETNS_DIR / self.name) as there:
            if libc.setns(there.fileno(), clone_newnet):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), clone_newnet)


class Host(Namespace):
    def join(self, segment, interface, *addresses):
        """Plugs a cable into the segment's switch."""
        port = f"p-{self.short}"
        ip("link", "add", port, "netns", segment.name, "type", "veth",
           "peer", "name", interface, "netns", self.name)
        segment.ip(f"link set {port} master br0 up")
        for address in addresses:
            nodad = " nodad" if ":" in address else ""
            self.ip(f"addr add {address} dev {interface}{nodad}")
        self.ip(f"link set {interface} up")


class Segment(Namespace):
    """A switch. Machines and captures live in its namespace."""

    def __init__(self, lab, name):
        super().__init__(lab, name)
        self._ports = 0
        # No spanning tree and no forward delay: a port forwards from its first
        # frame on, like a switch with "portfast" (the lab is not about STP).
        self.ip("link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
        self.sysctl("net.ipv6.conf.br0.disable_ipv6", 1)
        self.ip("link set br0 up")

    def _next(self, kind):
        self._ports += 1
        return f"{kind}{self._ports}"

    def tap(self):
        """A port for a virtual machine's network card."""
        name = self._next("tap")
        self.ip(f"tuntap add {name} mode tap")
        self.sysctl(f"net.ipv6.conf.{name}.disable_ipv6", 1)
        self.ip(f"link set {name} master br0 up")
        return name

    def raw_port(self):
        """A port for hand-made frames: returns the interface to send and receive them on."""
        name = self._next("raw")
        self.ip(f"link add p-{name} type veth peer name {name}")
        for interface in (f"p-{name}", name):
            self.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
        self.ip(f"link set p-{name} master br0 up")
        self.ip(f"link set {name} up")
        return name


class Lab:
    """The whole network; a context manager that leaves nothing behind."""

    def __init__(self, directory=None, router_advertisements=True):
        if os.geteuid():
            raise LabError("the lab needs root: it makes network namespaces and taps")
        self.prefix = f"{PREFIX}{os.getpid()}"
        # Unix sockets need a short path; logs and captures may go elsewhere.
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.prefix}-"))
        self.scratch.chmod(0o711)  # servers drop their privileges, and still need their files
        self.directory = pathlib.Path(directory or self.scratch)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._advertise = router_advertisements
        self._processes = []

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _build(self):
        cleanup()
        self.lan = Segment(self, "lan")
        self.far = Segment(self, "far")
        self.dhcp = Host(self, "dhcp")
        self.boot = Host(self, "boot")
        self.router = Host(self, "router")
        self.dhcp.join(self.lan, "eth0", f"{DHCP_SERVER}/24")
        self.boot.join(self.lan, "eth0", f"{BOOT_SERVER}/24")
        self.router.join(self.lan, "eth0", f"{ROUTER}/24", "fd00:238::1/64")
        self.router.join(self.far, "eth1", f"{FAR_ROUTER}/24", "fd00:239::1/64")
        for host in (self.dhcp, self.boot):
            host.ip(f"route add default via {ROUTER}")
        self.router.sysctl("net.ipv4.ip_forward", 1)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        if self._advertise:
            self._start_router_advertisements()

    def _start_router_advertisements(self):
        """Without a router advertisement the iPXE ROM idles 13-16 s before it goes on."""
        config = self.scratch / "radvd.conf"
        config.write_text("".join(
            f"interface {card} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;"
            f" prefix {prefix}::/64 {{}}; }};\n"
            for card, prefix in (("eth0", "fd00:238"), ("eth1", "fd00:239"))))
        config.chmod(0o644)
        self.router.spawn("radvd", "-n", "-m", "stderr", "-C", config,
                          "-p", self.scratch / "radvd.pid", "-u", "root")

    def start_relay(self, *servers):
        """A DHCP relay between the far segment and the given servers."""
        return self.router.spawn("dhcrelay", "-4", "-d", "-id", "eth1", "-iu", "eth0",
                                 *(servers or (DHCP_SERVER, BOOT_SERVER)))

    def keep(self, process):
        self._processes.append(process)
        return process

    def close(self):
        # Being ended twice (Ctrl-C while cleaning up) must not stop the cleaning.
        with _signals_held():
            for process in reversed(self._processes):
                process.stop()
            self._processes.clear()
            _remove_namespaces(self.prefix)
            shutil.rmtree(self.scratch, ignore_errors=True)


@contextlib.contextmanager
def _signals_held():
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _remove_namespaces(prefix):
    for path in NETNS_DIR.glob(f"{prefix}-*"):
        pids = subprocess.run(["ip", "netns", "pids", path.name],
                              capture_output=True, text=True).stdout.split()
        for pid in pids:  # only what still runs inside a namespace of ours
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", path.name], capture_output=True)


def cleanup():
    """Removes what runs left behind that were killed before they could clean up."""
    for path in [*NETNS_DIR.glob(f"{PREFIX}*-*"),
                 *pathlib.Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*")]:
        owner = re.fullmatch(rf"({PREFIX}(\d+))-\w+", path.name)
        if not owner or pathlib.Path("/proc", owner[2]).exists():
            continue
        if path.parent == NETNS_DIR:
            _remove_namespaces(owner[1])
        else:
            shutil.rmtree(path, ignore_errors=True)


def end_on_sigterm():
    """SIGTERM becomes KeyboardInterrupt: every `with` block, and pytest, runs to its end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


if __name__ == "__main__":
    cleanup()
