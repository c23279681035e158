#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A million hostile datagrams on each UDP port, beside a good client.

Three things must hold: the server stays up, the good client is answered throughout, and for
each port   received + kernel drops = sent,   each received datagram under one named counter.
Everything happens between two network namespaces that this program makes and removes.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("BOOTFERRY_BIN", str(REPOSITORY / "build/release/bootferry"))
SERVER, ATTACKER = "10.238.0.2", "10.238.0.66"
GOOD_MAC = "52:54:00:00:00:99"
PORTS = (67, 4011, 69)


def run(*args, **kwargs):
    return subprocess.run(args, check=True, capture_output=True, text=True, **kwargs)


class Namespaces:
    """Two hosts and a cable. The attacker's process enters its own namespace for good."""

    def __init__(self):
        self.server, self.attacker = f"bff{os.getpid()}s", f"bff{os.getpid()}a"

    def __enter__(self):
        for name in (self.server, self.attacker):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "eth0", "netns", self.server, "type", "veth",
            "peer", "name", "eth0", "netns", self.attacker)
        for name, address in ((self.server, SERVER), (self.attacker, ATTACKER)):
            run("ip", "-n", name, "address", "add", f"{address}/24", "brd", "+", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_):
        for name in (self.server, self.attacker):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def enter(namespace):
    """This process, from now on, lives in the namespace."""
    import ctypes
    with open(f"/run/netns/{namespace}") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def dhcp(kind, mac, options=b"", xid=0x11223344, ciaddr="0.0.0.0"):
    """A PXE client's message, built by hand: independent of the code under test."""
    hardware = bytes.fromhex(mac.replace(":", ""))
    packet = bytes([1, 1, 6, 0]) + xid.to_bytes(4, "big") + b"\0\0\x80\0" + socket.inet_aton(ciaddr)
    packet += b"\0" * 12 + hardware + b"\0" * 10 + b"\0" * 192 + b"\x63\x82\x53\x63"
    packet += bytes([53, 1, kind, 57, 2, 5, 192, 93, 2, 0, 7, 94, 3, 1, 3, 0])
    packet += b"\x61\x11\0" + b"\x42" * 16
    vendor_class = b"PXEClient:Arch:00007:UNDI:003000"
    return packet + bytes([60, len(vendor_class)]) + vendor_class + options + b"\xff"


def rrq(name, *options):
    return b"\0\x01" + name + b"\0octet\0" + b"".join(o + b"\0" for o in options)


def hostile(rng, port):
    """Random bytes, and good packets with a few octets changed, cut or repeated."""
    seeds = ([rrq(b"x64/snponly.efi", b"tsize", b"0"), rrq(b"nothing"), b"\0\x04\0\x01", b"\0\x05\0\0x\0",
              b"\0\x02up\0octet\0"] if port == 69 else
             [dhcp(1, GOOD_MAC), dhcp(3, "52:54:00:00:00:98"), dhcp(8, "52:54:00:00:00:97", b"\x2b\x04\x47\x00\x00\x00")])
    pool = []
    for _ in range(20000):
        if rng.random() < 0.3:
            pool.append(rng.randbytes(rng.randrange(0, 700)))
            continue
        packet = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 8)):
            if packet:
                packet[rng.randrange(len(packet))] = rng.randrange(256)
        if rng.random() < 0.2:
            packet = packet[: rng.randrange(len(packet) + 1)]
        if rng.random() < 0.1:
            packet = packet * 2
        pool.append(bytes(packet))
    return pool


class GoodClient:
    """Asks for a boot program and for a file, again and again; counts what came."""

    def __init__(self):
        self.asked, self.answered = {67: 0, 69: 0, 4011: 0}, {67: 0, 69: 0, 4011: 0}
        self.offers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.offers.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.offers.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.offers.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        # Answers to mutated DISCOVERs are broadcast, so they come here too: 64 MiB (SO_RCVBUFFORCE).
        self.offers.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        self.offers.bind(("", 68))
        self.offers.settimeout(2)

    def _expect(self, port, sock, wanted):
        self.asked[port] += 1
        end = time.monotonic() + 2
        try:
            while time.monotonic() < end:
                if wanted(sock.recv(2048)):
                    self.answered[port] += 1
                    return
        except socket.timeout:
            pass

    def ask(self, sent):
        xid = random.getrandbits(32)
        self.offers.sendto(dhcp(1, GOOD_MAC, xid=xid), ("255.255.255.255", 67))
        sent[67] += 1
        self._expect(67, self.offers, lambda reply: reply[4:8] == xid.to_bytes(4, "big") and reply[0] == 2)
        self.offers.sendto(dhcp(3, GOOD_MAC, xid=xid, ciaddr=ATTACKER), (SERVER, 4011))
        sent[4011] += 1
        self._expect(4011, self.offers, lambda reply: reply[4:8] == xid.to_bytes(4, "big") and reply[0] == 2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tftp:
            tftp.settimeout(2)
            tftp.sendto(rrq(b"absent", b"tsize", b"0"), (SERVER, 69))
            sent[69] += 1
            self._expect(69, tftp, lambda reply: reply[:4] == b"\0\x05\0\x01")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(32)
    print(f"seed {seed}, {count} datagrams a port", flush=True)
    rng = random.Random(seed)
    with Namespaces() as spaces, tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        control = f"{scratch}/control"
        config = Path(scratch, "bootferry.toml")
        config.write_text(f'[server]\nstate = "{scratch}/state"\nsocket = "{control}"\nuser = ""\n'
                          'interfaces = ["eth0"]\n')
        kernel, initrd = Path(scratch, "linux"), Path(scratch, "initrd")
        installer = Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux")
        kernel.write_bytes(installer.read_bytes())
        initrd.write_bytes(b"not an initrd, but nobody starts it")
        log = open(f"{scratch}/log", "wb")
        server = subprocess.Popen(["ip", "netns", "exec", spaces.server, BINARY, "serve", "--config", str(config)],
                                  stderr=log)

        def cli(*args):
            return run("ip", "netns", "exec", spaces.server, BINARY, *args, "--socket", control).stdout

        try:
            for _ in range(100):
                if os.path.exists(control):
                    break
                time.sleep(0.1)
            cli("image", "add", "good", "--kernel", str(kernel), "--initrd", str(initrd))
            cli("deploy", "good", "--to", GOOD_MAC)
            before = counters(cli)
            child = os.fork()
            if child == 0:
                # Never back into the parent's clean-up, whatever happens.
                try:
                    attack(spaces, rng, count, scratch)
                    os._exit(0)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
            status = os.waitpid(child, 0)[1]
            if status != 0:
                return 1
            time.sleep(0.5)
            after = counters(cli)
            return judge(server, status, json.loads(Path(scratch, "sent").read_text()), before, after,
                         os.path.getsize(f"{scratch}/log"))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


def counters(cli):
    """Per port: what came, what the kernel dropped, and the datagrams by name."""
    status = json.loads(cli("status", "--json"))
    flat = (status[0] if isinstance(status, list) else status)["counters"]
    return {str(port): {
        "received": flat[f"udp{port}.received"], "kernel_drops": flat[f"udp{port}.kernel-drops"],
        "counters": {name: n for name, n in flat.items() if name.startswith(f"udp{port}.in.")}} for port in PORTS}


def attack(spaces, rng, count, scratch):
    enter(spaces.attacker)
    good, sent, worst = GoodClient(), {port: 0 for port in PORTS}, 0
    for port in PORTS:
        pool = hostile(rng, port)
        evil = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        evil.bind((ATTACKER, 0))
        evil.setblocking(False)
        done = 0
        while done < count:
            for _ in range(min(10_000, count - done)):
                try:
                    evil.sendto(pool[rng.randrange(len(pool))], (SERVER, port))
                    sent[port] += 1
                except (BlockingIOError, ConnectionRefusedError):
                    pass
                done += 1
            began = time.monotonic()
            good.ask(sent)
            worst = max(worst, time.monotonic() - began)
    for _ in range(3):   # the kernel reports its drops with the next datagram
        good.ask(sent)
    Path(scratch, "sent").write_text(json.dumps(
        {"sent": sent, "asked": good.asked, "answered": good.answered, "worst": worst}))


def judge(server, status, sent, before, after, log_size):
    ok = status == 0 and server.poll() is None
    print(f"server {'is up' if server.poll() is None else 'DIED'}, log {log_size} octets")
    print(f"{'port':>5} {'sent':>9} {'received':>9} {'dropped':>9} {'counted':>9} {'good asked':>10} {'answered':>9}")
    for port in PORTS:
        now, then = after[str(port)], before[str(port)]
        received = now["received"] - then["received"]
        dropped = now["kernel_drops"] - then["kernel_drops"]
        counted = sum(now["counters"].values()) - sum(then["counters"].values())
        asked, answered = sent["asked"][str(port)], sent["answered"][str(port)]
        exact = received + dropped == sent["sent"][str(port)] and counted == received
        # A datagram that the kernel dropped may be a good one: a client repeats it, we do not.
        ok = ok and exact and answered >= asked * 0.95
        print(f"{port:>5} {sent['sent'][str(port)]:>9} {received:>9} {dropped:>9} {counted:>9} {asked:>10} {answered:>9}"
              f"{'' if exact else '   MISMATCH'}")
    print(f"slowest round of the good client: {sent['worst']:.3f} s")
    print("passed" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
