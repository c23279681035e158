# SPDX-License-Identifier: GPL-3.0-or-later
"""Option 250 on port 4011, spoken by scapy as a WDS boot program would: detection, waiting for an
administrator, and whatever becomes of it. And the menu of a bare ROM, likewise."""
import contextlib
import ctypes
import os
import socket
import subprocess
import time

import boot_site
import pytest
from boot_site import CLIENT, SERVER
from scapy.layers.dhcp import BOOTP, DHCP

STRANGER = "52:54:00:aa:00:01"
XID = 0x5E3CD04C
# What genuine programs said (docs/formats/wds-options.md).
SAYS_X64 = bytes.fromhex("0c0101 0d020800 01020007 0e0101 050400000011 ff".replace(" ", ""))
SAYS_X86 = bytes.fromhex("0d020800 0e0101 01020006 050400000006 ff".replace(" ", ""))
SAYS_X86_OF_VISTA = bytes.fromhex("01020006ff")
CLONE_NEWNET = 0x40000000
SO_BINDTODEVICE = 25


@contextlib.contextmanager
def inside(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open(f"/var/run/netns/{namespace}") as there:
        assert libc.setns(there.fileno(), CLONE_NEWNET) == 0
        try:
            yield
        finally:
            assert libc.setns(home.fileno(), CLONE_NEWNET) == 0


class Machine:
    """A BIOS machine at CLIENT, by turns its ROM and the WDS boot program."""

    def __init__(self, site, mac=STRANGER, arch=0, address=CLIENT):
        self.mac, self.address, self.arch = mac, address, arch
        with inside(site.near):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"eth0")
        self.socket.bind(("0.0.0.0", 68))
        self.socket.settimeout(2)

    def ask(self, to, kind, *options, ciaddr="0.0.0.0"):
        """The answer as {option: value} with the header's file and siaddr; None: silence."""
        message = (BOOTP(op=1, xid=XID, ciaddr=ciaddr, chaddr=bytes.fromhex(self.mac.replace(":", ""))) /
                   DHCP(options=[("message-type", kind), ("pxe_client_architecture", self.arch.to_bytes(2, "big")),
                                 ("pxe_client_network_interface", b"\1\2\1"),
                                 ("vendor_class_id", b"PXEClient:Arch:%05d:UNDI:002001" % self.arch),
                                 *options, "end"]))
        self.socket.sendto(bytes(message), to)
        try:
            answer = BOOTP(self.socket.recv(2048))
        except TimeoutError:
            return None
        assert answer.op == 2 and answer.xid == XID and answer.yiaddr == "0.0.0.0"
        assert answer.chaddr[:6] == bytes.fromhex(self.mac.replace(":", ""))
        fields = {option[0]: option[1] for option in answer[DHCP].options if isinstance(option, tuple)}
        return {**fields, "file": answer.file.rstrip(b"\0").decode(), "siaddr": answer.siaddr}

    def discover(self):
        return self.ask(("255.255.255.255", 67), "discover")

    def request(self, *options):
        return self.ask((SERVER, 4011), "request", *options, ciaddr=self.address)

    def poll(self, says=SAYS_X64):
        """As the boot program: option 250 of the answer as {code: octets}, and the file."""
        answer = self.request((250, says))
        if answer is None:
            return None
        block, rest = {}, answer.get(250, b"\xff")
        while rest[0] != 255:
            block[rest[0]], rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        return {**block, "file": answer["file"], "siaddr": answer["siaddr"]}


def edit(site, *arguments):
    """Changes records while the server is stopped."""
    tool = site.program.parent / "tests/edit_site"
    if not tool.is_file():
        pytest.skip(f"{tool} is not built")
    done = subprocess.run([tool, site.directory / "state", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def administer(site, *edits, configuration=""):
    """The server is away for a moment, as for an upgrade; machines ask on."""
    site.stop()
    for arguments in edits:
        edit(site, *arguments)
    site.serve(configuration)


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        edit(made, "settings", "add_unknown=1", "detect=1", "poll_seconds=2", "polls=3", "message=Call 4711.")
        edit(made, "program", "wdsnbp", "bios", "detect", "programs/bios/1/wdsnbp.com")
        made.serve("")
        yield made


def devices(site):
    """{MAC: (state, request)} of the stopped server's records."""
    lines = [line.split() for line in edit(site, "list").splitlines()]
    return {mac: (state, int(request)) for _, state, request, mac in lines}


def wait_for_number(machine, says=SAYS_X64):
    """Until its request has been written: the boot service does not wait for the disk."""
    end = time.monotonic() + 5
    while 5 not in (answer := machine.poll(says)):
        assert time.monotonic() < end, answer
        time.sleep(0.1)
    return answer


def test_a_stranger_waits_is_approved_and_boots(site):
    machine = Machine(site)
    offer = machine.discover()
    assert offer["file"] == "programs/bios/1/wdsnbp.com" and 250 not in offer
    assert machine.request()["file"] == "programs/bios/1/wdsnbp.com", "the ROM before it speaks no option 250"
    first = machine.poll()
    assert first[2] == b"\1" and first[3] == b"\0\2" and first[4] == b"\0\3" and first[6] == b"Call 4711."
    assert first["file"] == ""
    answer = wait_for_number(machine)
    number = int.from_bytes(answer[5], "big")
    assert number > 0

    site.stop()
    assert devices(site)[STRANGER] == ("pending", number), "recorded once, under the number that it shows"
    edit(site, "approve", STRANGER)
    edit(site, "deployment", "for-the-stranger", "debian", STRANGER, "-")
    site.serve("")
    go = machine.poll()
    assert go["file"] == "bios/pxelinux.0" and set(go) == {"file", "siaddr"}, "approved: the file, and no option 250"
    site.stop()
    site.serve('[boot_service]\nwds_approved = "with-option"\n')
    go = machine.poll(SAYS_X86_OF_VISTA.replace(b"\6", b"\7"))
    assert go["file"] == "bios/pxelinux.0" and go[2] == b"\1" and go[14] == b"\1" and go[11] == b"\1"
    assert 11 not in machine.poll(SAYS_X64), "it has asked already"


def test_an_x86_machine_never_gets_an_x64_image(site):
    machine = Machine(site, "52:54:00:aa:00:02")
    administer(site, ("settings", "polls=2160"), ("approve", machine.mac),
               ("deployment", "wide", "debian", machine.mac, "-"))
    assert machine.discover()["file"] == "programs/bios/1/wdsnbp.com"
    for says in (SAYS_X86, SAYS_X86_OF_VISTA):
        told = machine.poll(says)
        assert told[2] == b"\5" and b"another architecture" in told[6] and told["file"] == ""
        assert "another architecture" in menu_of(site, machine), "its loader's files are decided by it, too"
    assert machine.poll(SAYS_X64)["file"] == "bios/pxelinux.0"
    assert "KERNEL ::/images/debian/1/linux" in menu_of(site, machine)
    assert machine.request()["file"] == "programs/bios/1/wdsnbp.com", "switched on again, it is asked again"


def menu_of(site, machine):
    """What pxelinux gets at that machine's address."""
    name = f"bios/pxelinux.cfg/01-{machine.mac.replace(':', '-')}"
    return site.curl(site.near, f"tftp://{SERVER}/{name}")[1].decode()


def test_rejected_while_it_waits(site):
    machine = Machine(site, "52:54:00:aa:00:03")
    wait_for_number(machine)
    administer(site, ("reject", machine.mac))
    told = machine.poll()
    assert told[2] == b"\5" and b"rejected" in told[6]
    administer(site, ("program", "abortpxe", "bios", "abort", "programs/bios/1/abortpxe.com"))
    assert machine.poll()["file"] == "programs/bios/1/abortpxe.com"
    assert machine.discover()["file"] == "programs/bios/1/abortpxe.com", "its ROM, at the next boot"


def test_sent_to_another_server(site):
    machine = Machine(site, "52:54:00:aa:00:04")
    administer(site, ("referral", machine.mac, "192.0.2.9", "bios", "boot/x86/wdsnbp.com"))
    told = machine.poll()
    assert told[2] == b"\3" and told[9] == bytes([192, 0, 2, 9])
    assert told["siaddr"] == "192.0.2.9" and told["file"] == "boot/x86/wdsnbp.com"


def test_nobody_answers_in_time(site):
    administer(site, ("settings", "polls=4"))
    machine = Machine(site, "52:54:00:aa:00:05")
    machine.discover()
    assert [machine.poll()[2] for _ in range(6)] == [b"\1"] * 4 + [b"\5"] * 2
    assert b"request stays listed" in machine.poll()[6]
    machine.discover()  # switched on again
    assert machine.poll()[2] == b"\1"
    site.stop()
    assert devices(site)[machine.mac][0] == "pending"
    site.serve("")


def test_what_cannot_be_read_is_no_reason_to_be_silent(site):
    machine = Machine(site, "52:54:00:aa:00:06")
    for says in (b"", b"\1\xff\0", b"\5\4\0\0\0\1\5\4\0\0\0\2\xff", os.urandom(200)):
        answer = machine.poll(says)
        assert answer and answer[2] == b"\1", says


def test_a_bare_rom_shows_a_menu(site):
    """An architecture without a loader of ours, and two programs to choose from."""
    machine = Machine(site, "52:54:00:aa:00:07", arch=11)
    administer(site, ("settings", "add_unknown=0"),
               ("program", "memory-test", "arm64", "-", "programs/arm64/1/memtest.efi"),
               ("program", "shell", "arm64", "-", "programs/arm64/2/shell.efi"))
    assert machine.discover() is None, "a stranger, whom nobody lists now"
    site.stop()
    arm64 = site.directory / "arm64"
    arm64.write_bytes(arm64_kernel())
    site.cli("image", "add", "tools", "--kernel", arm64)
    edit(site, "deployment", "Memory test", "tools", machine.mac, "memory-test")
    edit(site, "deployment", "Shell", "tools", machine.mac, "shell")
    site.serve("")
    offer = machine.discover()
    assert offer["file"] == "" and offer["vendor_class_id"] == b"PXEClient"
    tags = {}
    rest = offer["vendor_specific"]
    while rest[0] != 255:
        tags[rest[0]], rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
    assert tags[6] == b"\7" and tags[10] == b"\x0aF8: Bootferry's menu"
    entries, rest = [], tags[9]
    while rest:
        entries.append((int.from_bytes(rest[:2], "big"), rest[3:3 + rest[2]]))
        rest = rest[3 + rest[2]:]
    assert entries[0] == (0, b"Local disk") and {text for _, text in entries[1:]} == {b"Memory test", b"Shell"}
    address = bytes(map(int, SERVER.split(".")))
    assert tags[8] == b"".join(item.to_bytes(2, "big") + b"\1" + address for item, _ in entries[1:])
    for item, text in entries[1:]:
        chosen = b"\x47\4" + item.to_bytes(2, "big") + b"\0\0\xff"
        ack = machine.request(("vendor_specific", chosen))
        assert ack["vendor_specific"] == chosen
        assert ack["file"] == {b"Shell": "programs/arm64/2/shell.efi"}.get(text, "programs/arm64/1/memtest.efi")
    assert machine.request(("vendor_specific", b"\x47\4\x90\0\0\0\xff")) is None, "an item that is not offered"


def arm64_kernel():
    """The head of a Linux kernel for arm64, as far as its architecture is told by it."""
    head = bytearray(4096)
    head[56:60] = b"ARM\x64"
    return bytes(head)
