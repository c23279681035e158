# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows image from `image add` to its last octet, as BIOS and UEFI machines fetch it: the programs it brought,
the boot configuration that option 252 names, fonts, boot.sdi and the WIM, in the spellings that Windows mixes.

The programs are made up: Microsoft's may not be copied here. What is under test is every name and every octet."""
import json
import pathlib
import struct
import subprocess
import time

import boot_site
import pytest
from boot_site import CLIENT_MAC, SERVER
from test_wds_dialogue import Machine, inside
from tftp_client import TftpError, fetch
from windows_image import make_wim, pe_program

HIVEX = pytest.importorskip("hivex", reason="python3-hivex reads the boot configuration")
DASHED = CLIENT_MAC.replace(":", "-")


FILES = {
    "Boot/PXE/wdsnbp.com": b"wdsnbp" * 700,
    "Boot/PXE/PXEBOOT.com": b"pxeboot asks" * 300,
    "Boot/PXE/pxeboot.n12": b"pxeboot" * 500,
    "Boot/PXE/bootmgr.exe": pe_program(0x14C) + b"manager" * 9000,
    "Boot/EFI/bootmgfw.efi": pe_program(0x8664) + b"manager" * 20000,
    "Boot/EFI/boot.stl": b"trust" * 100,
    "Boot/Fonts/wgl4_boot.ttf": b"letters" * 6000,
    "Boot/Fonts/segmono_boot.ttf": b"more letters" * 5000,
    "Boot/DVD/EFI/boot.sdi": b"a disk made of nothing" * 20000,
    "System32/ntoskrnl.exe": bytes(range(256)) * 4000,
}


class Site(boot_site.Site):
    def __enter__(self):
        super().__enter__()
        self.wim = make_wim(self.directory, "--compress=none", files=FILES)
        self.cli("image", "add", "winpe", "--wim", self.wim)
        self.deploy("winpe", "--required", "--again")
        return self

    def deploy(self, image, *terms):
        self.cli("deploy", image, "--to", CLIENT_MAC, "--yes", *terms)

    def get(self, name, **options):
        with inside(self.near):
            return fetch(SERVER, 69, name, **options)[0]

    def missing(self, name):
        begun = time.monotonic()
        with pytest.raises(TftpError, match="1"):
            self.get(name)
        assert time.monotonic() - begun < 0.5, "silence would stall the boot"


@pytest.fixture
def windows():
    with Site() as made:
        made.serve('interfaces = ["eth0"]\n')
        yield made


def path_of(answer):
    value = answer[252]
    assert value.endswith(b"\0")
    return value[:-1].decode()


def elements(store, directory):
    """Every value of the boot configuration, by object and element, as hivex reads it."""
    file = directory / "read.bcd"
    file.write_bytes(store)
    hive = HIVEX.Hivex(str(file))
    found = {}
    for thing in hive.node_children(hive.node_get_child(hive.root(), "Objects")):
        for element in hive.node_children(hive.node_get_child(thing, "Elements")):
            value = hive.node_get_value(element, "Element")
            found[hive.node_name(thing), hive.node_name(element)] = hive.value_value(value)[1]
    return found


def fetch_windows(site, store):
    """What the boot manager does with its configuration."""
    texts = [value.decode("utf-16-le", "ignore") for value in elements(store, site.directory).values()]
    named = [text[text.index("\\images\\"):].rstrip("\0").split("\0")[0] for text in texts if "\\images\\" in text]
    wim = next(name for name in named if name.endswith(".wim"))
    sdi = next(name for name in named if name.endswith(".sdi"))
    fonts = next(name for name in named if name.endswith("fonts"))
    assert site.get(fonts + "\\wgl4_boot.ttf") == FILES["Boot/Fonts/wgl4_boot.ttf"]
    assert site.get("\\Boot\\Fonts\\segmono_boot.ttf") == FILES["Boot/Fonts/segmono_boot.ttf"]
    for name in ("\\hiberfil.sys", "\\Boot\\BCD.LOG", "EFI\\Microsoft\\Boot\\SiPolicy.p7b"):
        site.missing(name)
    assert site.get(sdi.replace("\\images", "/images"), blksize=1456, windowsize=4) == FILES["Boot/DVD/EFI/boot.sdi"]
    assert site.get(wim, blksize=1456, windowsize=16) == site.wim.read_bytes()


def test_bios(windows):
    machine = Machine(windows, CLIENT_MAC)
    offer = machine.discover()
    assert offer["file"] == "images/winpe/1/pxeboot.n12" and offer["siaddr"] == SERVER
    answer = machine.request()
    assert path_of(answer) == path_of(offer) == f"\\bcd\\{DASHED}.bcd"
    assert windows.get(offer["file"]) == FILES["Boot/PXE/pxeboot.n12"]
    # Beside the program that the ROM loaded, and where some builds look for it.
    for name in ("images\\winpe\\1\\bootmgr.exe", "\\bootmgr.exe", "Boot\\x64\\bootmgr.exe", "/boot\\BOOTMGR.EXE"):
        assert windows.get(name) == FILES["Boot/PXE/bootmgr.exe"], name
    store = windows.get(path_of(answer))
    assert windows.get("\\Boot\\BCD") == store, "for boot managers that look in the usual place"
    fetch_windows(windows, store)


def test_uefi(windows):
    machine = Machine(windows, CLIENT_MAC, arch=7)
    answer = machine.request()
    assert answer["file"] == "images/winpe/1/bootmgfw.efi"
    assert windows.get(answer["file"]) == FILES["Boot/EFI/bootmgfw.efi"]
    assert windows.get("\\Boot\\boot.stl") == FILES["Boot/EFI/boot.stl"]
    fetch_windows(windows, windows.get(path_of(answer)))


def test_a_bios_machine_is_asked_by_windows_own_program(windows):
    windows.stop()
    windows.deploy("winpe", "--prompt")
    windows.serve('interfaces = ["eth0"]\n')
    offer = Machine(windows, CLIENT_MAC).discover()
    assert offer["file"] == "images/winpe/1/pxeboot.com"
    assert windows.get(offer["file"]) == FILES["Boot/PXE/PXEBOOT.com"]


def test_others_get_nothing_of_it(windows):
    windows.missing("\\bcd\\52-54-00-00-00-99.bcd")
    windows.stop()
    windows.deploy("debian")
    windows.serve('interfaces = ["eth0"]\n')
    Machine(windows, CLIENT_MAC).discover()
    for name in ("\\Boot\\BCD", f"\\bcd\\{DASHED}.bcd", "bootmgr.exe", "\\Boot\\Fonts\\wgl4_boot.ttf"):
        windows.missing(name)


def store_of(site):
    found = {}
    for (_, element), value in elements(site.get("\\Boot\\BCD"), site.directory).items():
        found.setdefault(element, set()).add(value)
    return found


def test_the_store_says_what_the_image_and_the_site_say(windows):
    windows.stop()
    wim = make_wim(windows.directory, "--image-property", "WINDOWS/LANGUAGES/DEFAULT=de-DE", "--image-property",
                   "WINDOWS/LANGUAGES/LANGUAGE=de-DE", files=FILES)
    windows.cli("image", "add", "german", "--wim", wim)
    inspected = windows.cli("image", "inspect", wim, "--json")
    shown = json.loads(windows.cli("image", "show", "german", "--json"))
    assert shown["facts"] == {"wim": json.loads(inspected)}
    assert "de-DE (default)" in windows.cli("image", "show", "german")
    windows.deploy("german", "--required", "--again")
    windows.serve('interfaces = ["eth0"]\n')
    Machine(windows, CLIENT_MAC).request()
    store = store_of(windows)
    assert store["12000005"] == {"de-DE\0".encode("utf-16-le")}
    assert "35000007" not in store and "35000008" not in store
    windows.stop()
    windows.serve('interfaces = ["eth0"]\n[windows]\ntftp_block_size = 1456\ntftp_window_size = 8\nlocale = "fr-FR"\n')
    Machine(windows, CLIENT_MAC).request()
    store = store_of(windows)
    assert store["12000005"] == {"fr-FR\0".encode("utf-16-le")}
    assert store["35000007"] == {struct.pack("<Q", 1456)} and store["35000008"] == {struct.pack("<Q", 8)}


def test_http_serves_the_same(windows):
    Machine(windows, CLIENT_MAC).request()
    status, wim = windows.curl(windows.near, f"http://{SERVER}/images/winpe/1/boot.wim")
    assert status == 200 and wim == windows.wim.read_bytes()
    status, store = windows.curl(windows.near, f"http://{SERVER}/bcd/{DASHED}.bcd")
    assert status == 200 and store.startswith(b"regf")


@pytest.mark.parametrize("missing, words", [
    ("Boot/DVD/EFI/boot.sdi", "--sdi FILE"),
    ("System32/ntoskrnl.exe", ""),
])
def test_what_an_image_lacks(windows, missing, words):
    windows.stop()
    wim = make_wim(windows.directory, files=FILES, without=(missing,))
    done = subprocess.run([windows.program, "image", "add", "second", "--wim", str(wim), "--state",
                           str(windows.directory / "state")], capture_output=True, text=True, timeout=60)
    assert (done.returncode != 0) == bool(words), done.stderr
    assert words in done.stderr
    sdi = windows.directory / "boot.sdi"
    sdi.write_bytes(b"another disk")
    windows.cli("image", "add", "third", "--wim", wim, "--sdi", sdi)
    windows.deploy("third", "--required", "--again")
    windows.serve('interfaces = ["eth0"]\n')
    assert "images/third/1/" in Machine(windows, CLIENT_MAC).discover()["file"]
    assert windows.get("\\Boot\\boot.sdi") == b"another disk"


def test_an_image_of_its_files_name(windows):
    windows.stop()
    windows.cli("image", "add", windows.wim)
    assert pathlib.Path(windows.directory / "state").exists()
    assert '"name": "boot"' in windows.cli("image", "show", "boot", "--json").replace('":"', '": "')
