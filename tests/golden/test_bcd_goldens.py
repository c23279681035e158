# SPDX-License-Identifier: GPL-3.0-or-later
"""The stores in bcd/, which our writer must give octet by octet, as other programs read them."""

import shutil
import struct
import subprocess
import uuid
from pathlib import Path

import pytest

import regf_reader

hivex = pytest.importorskip("hivex", reason="python3-hivex is the independent reader")

BCD = Path(__file__).parent / "bcd"
STORES = sorted(BCD.glob("*.bcd"))
BOOT_MANAGER = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
DEBUGGER = "{4636856e-540f-4170-a130-a84776f4c654}"
RAMDISK = "{ae5534e0-a924-466c-b836-758539a3ee3a}"
OURS = "{6a0f7d0c-52c5-4b7e-9d3a-0c5d1b00%s}"
WINLOAD = r"\windows\system32\boot\winload."


def text(value):
    return 1, value.encode("utf-16-le") + b"\0\0"


def texts(*values):
    return 7, b"".join(text(v)[1] for v in values) + b"\0\0"


def number(value):
    return 3, struct.pack("<Q", value)


def yes_no(value):
    return 3, bytes([value])


BOOT = struct.pack("<IIII56x", 5, 0, 0x48, 0)


def ramdisk(path, options):
    name = text(path)[1]
    body = struct.pack("<IQQI", 3, 0, 0, 0) + struct.pack("<III", 1, 12 + len(BOOT) + len(name), 5) + BOOT + name
    return 3, uuid.UUID(options).bytes_le + struct.pack("<IIII", 0, 1, 16 + len(body), 0) + body


def manager(images, default, timeout, locale="en-US", fonts=None):
    out = {"12000004": text("Windows Boot Manager"), "12000005": text(locale), "23000003": text(default),
           "24000001": texts(*images), "25000004": number(timeout), "26000020": yes_no(len(images) > 1)}
    if fonts:
        out["1200004a"] = text(fonts)
    return 0x10100002, out


def options(sdi, block=None, window=None):
    out = {"31000003": (3, bytes(16) + BOOT), "32000004": text(sdi), "3600000b": yes_no(False)}
    if block:
        out["35000007"] = number(block)
    if window:
        out["35000008"] = number(window)
    return 0x30000000, out


def image(description, wim, with_options=RAMDISK, program=None, locale="en-US", debugged=False):
    device = ramdisk(wim, with_options)
    out = {"11000001": device, "21000001": device, "12000004": text(description), "12000005": text(locale),
           "22000002": text(r"\Windows"), "26000010": yes_no(True), "26000022": yes_no(True)}
    if program:
        out["12000002"] = text(program)
    if debugged:
        out["14000006"] = texts(DEBUGGER)
        out["260000a0"] = yes_no(True)
    return 0x10200003, out


FIRST, SECOND, THIRD = (OURS % n for n in ("f000", "f001", "f002"))
EXPECTED = {
    "one-image.bcd": {
        BOOT_MANAGER: manager([FIRST], FIRST, 30),
        RAMDISK: options(r"\boot\boot.sdi"),
        FIRST: image("Windows PE (x64)", r"\boot\boot.wim"),
    },
    "non-ascii.bcd": {
        BOOT_MANAGER: manager([FIRST], FIRST, 0, "fr-FR", r"\SMSBoot\Fonts"),
        RAMDISK: options(r"\SMSBoot\boot.sdi", 1456, 8),
        FIRST: image("Démarrage – 東京", r"\Images\Größe 東京\boot.wim", RAMDISK, WINLOAD + "efi", "fr-FR"),
    },
    "menu.bcd": {
        BOOT_MANAGER: manager([FIRST, SECOND, THIRD], THIRD, 10),
        RAMDISK: options(r"\SMSBoot\boot.sdi", 16384),
        OURS % "f101": options(r"\Boot\boot.sdi", 16384),
        FIRST: image("Install", r"\SMSImages\ABC00005\boot.ABC00005.wim", RAMDISK, WINLOAD + "exe", debugged=True),
        SECOND: image("Rescue", r"\Boot\x64\Images\rescue.wim", OURS % "f101", WINLOAD + "exe", debugged=True),
        THIRD: image("Capture", r"\Boot\x64\Images\capture.wim", RAMDISK, WINLOAD + "exe", debugged=True),
        DEBUGGER: (0x20100000, {"15000011": number(0), "15000013": number(2), "15000014": number(57600)}),
    },
}


def as_tree(objects):
    def key(values=None, keys=None):
        return {"values": values or {}, "keys": keys or {}}

    def one(kind, elements):
        return key(keys={"Description": key({"Type": (4, struct.pack("<I", kind))}),
                         "Elements": key(keys={n: key({"Element": v}) for n, v in elements.items()})})

    return key(keys={
        "Description": key({"FirmwareModified": (4, struct.pack("<I", 1)), "KeyName": text("BCD00000001")}),
        "Objects": key(keys={guid: one(*o) for guid, o in objects.items()})})


def by_hivex(path):
    hive = hivex.Hivex(str(path))

    def key(node):
        values = {hive.value_key(v): hive.value_value(v) for v in hive.node_values(node)}
        return {"values": values, "keys": {hive.node_name(n): key(n) for n in hive.node_children(node)}}

    return key(hive.root())


def test_every_store_has_its_expectation():
    assert {p.name for p in STORES} == set(EXPECTED)


@pytest.mark.parametrize("path", STORES, ids=lambda p: p.name)
def test_hivex_finds_what_was_asked_for(path):
    assert by_hivex(path) == as_tree(EXPECTED[path.name])


@pytest.mark.parametrize("path", STORES, ids=lambda p: p.name)
def test_a_strict_reader_agrees(path):
    assert regf_reader.read(path.read_bytes()) == as_tree(EXPECTED[path.name])


@pytest.mark.parametrize("path", STORES, ids=lambda p: p.name)
def test_reglookup_lists_every_key(path):
    """A third program, which also reads the security of each key."""
    if shutil.which("reglookup") is None:
        pytest.skip("reglookup is not installed")
    done = subprocess.run(["reglookup", "-s", str(path)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()[1:]
    # It writes ASCII and says of which texts it cannot.
    assert all("could not be interpreted" in line for line in done.stderr.splitlines())
    assert done.stderr == "" or path.name == "non-ascii.bcd"

    def count(tree):
        return 1 + len(tree["values"]) + sum(count(k) for k in tree["keys"].values())

    assert len(lines) == count(as_tree(EXPECTED[path.name]))
    keys = [line for line in lines if ",KEY," in line]
    assert keys and all("BUILTIN" in line or "S-1-5-32-544" in line or "ALLOW" in line for line in keys)


def test_the_path_of_a_genuine_store():
    """The length of this element in a store that bcdedit made."""
    assert len(ramdisk(r"\boot\boot.wim", RAMDISK)[1]) == 170
    assert len(ramdisk(r"\Boot\x64\boot.wim", RAMDISK)[1]) == 0xb2
    assert len(bytes(16) + BOOT) == 88
