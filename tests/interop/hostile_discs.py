# SPDX-License-Identifier: GPL-3.0-or-later
"""Disc images that want to do harm, each with a name that says how; like hostile_wims.py. They
are made from small genuine ones of Windows and Linux media."""

import pathlib

from disc_images import ROOT, VOLUME, Images, both, changed, linux_files, records, windows_files
from discs import SECTOR
from fake_kernel import fake_kernel
from hostile_iso9660 import iso_huge, iso_records, iso_rock_ridge, iso_truncated, iso_volume, joliet
from hostile_udf import udf_attacks
from wims import Maker


def contradictions(kinds, images, wim):
    """Images that are two things."""
    bridge = kinds["bridge"]
    yield "disc-that-begins-as-a-wim", bytearray(b"MSWIM\0\0\0") + bridge[8:], None
    yield "disc-in-the-middle-of-a-wim", wim + bytes(-len(wim) % SECTOR) + bridge[VOLUME:] if len(wim) <= VOLUME else bridge, None
    yield changed("disc-udf-announced-and-not-there", bridge, lambda d: d.__setitem__(slice(256 * SECTOR, 257 * SECTOR), bytes(SECTOR)))
    yield changed("disc-iso-side-is-garbage", bridge, lambda d: d.__setitem__(slice(ROOT, ROOT + 34), b"\xff" * 34), "good")
    yield changed("disc-iso-side-says-another-size", bridge, lambda d: both(d, records(d)["/SOURCES/BOOT.WIM"] + 10, 1), "good")
    yield changed("disc-recognition-of-zeros", bridge, lambda d: d.__setitem__(slice(VOLUME, 80 * SECTOR), bytes(64 * SECTOR)))
    yield changed("disc-only-beginnings", bridge, lambda d: [d.__setitem__(slice(VOLUME + i * SECTOR, VOLUME + i * SECTOR + 6), b"\0BEA01") for i in range(64)])
    inner = images.of(windows_files(wim), "-R")
    yield "disc-whose-boot-wim-is-a-disc", images.of(windows_files(inner), "-R"), "not a Windows image"
    yield "disc-whose-boot-wim-is-empty", images.of(windows_files(b""), "-R"), "is empty"
    yield "disc-whose-boot-wim-is-cut", images.of(windows_files(wim[:len(wim) // 2]), "-R"), "incomplete"
    at = records(inner)["/SOURCES/BOOT.WIM"]
    yield changed("disc-whose-boot-wim-is-a-shorter-part", inner, lambda d: both(d, at + 10, 300))
    yield changed("disc-whose-boot-wim-is-the-disc", inner, lambda d: (both(d, at + 2, 0), both(d, at + 10, len(d))))


def media(images, wim):
    """What the importer looks for is there, and lies."""
    yield "media-nine-windows", images.of({f"{c}/sources/boot.wim": wim for c in "123456789"}, "-R"), "at most 8"
    yield "media-setup-is-no-program", images.of({"sources/boot.wim": wim, "sources/setup.exe": b"MZ" + b"\xff" * 4000}, "-R"), "good"
    for label, menu in (
            ("includes-itself", b"include isolinux.cfg\n" * 1000), ("includes-upwards", b"include ../../../etc/passwd\ndefault x\n"),
            ("of-no-lines", b"x" * 300_000), ("of-300-KB", b"label a\n" * 40_000), ("of-zeros", bytes(100_000)),
            ("kernel-upwards", b"default a\nlabel a\n kernel ../../../../etc/shadow\n"),
            ("line-of-5000", b"default a\nlabel a\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz " + b"x" * 5000 + b"\n"),
            ("line-that-steers-the-terminal", b"default a\nlabel a\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz \x1b[2J\x9b\n"),
            ("line-not-utf-8", b"default a\nlabel a\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz \xff\xfe\n"),
            ("label-that-steers-the-terminal", b"default a\x1b[2J\nlabel a\x1b[2J\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz\n"),
            ("1000-initrds", b"default a\nlabel a\n kernel /install/vmlinuz\n append initrd=" + b",".join([b"/install/initrd.gz"] * 1000) + b"\n")):
        yield f"media-menu-{label}", images.of({**linux_files(), "isolinux/isolinux.cfg": menu}, "-R"), None
    for label, kernel in (("empty", b""), ("of-zeros", bytes(4096)), ("of-ones", b"\xff" * 70_000), ("cut", fake_kernel()[:0x210]),
                          ("version-outside", fake_kernel()[:0x20e] + b"\xff\xff" + fake_kernel()[0x210:]),
                          ("version-that-steers-the-terminal", fake_kernel()[:0x500] + b"\x1b[2J\x9b" * 20 + fake_kernel()[0x564:])):
        yield f"media-kernel-{label}", images.of({**linux_files(), "install/vmlinuz": kernel}, "-R"), None


def backslashes(images):
    """Names with the character that clients use for «/»: found by the fuzzer."""
    data = images.of(linux_files(), "-R")
    for label, old, new in (("kernel", b"vmlinuz", b"v\\linuz"), ("initrd", b"initrd.gz", b"init\\d.gz")):
        assert data.count(b"\x01\x00" + old) == 1
        yield f"media-{label}-with-a-backslash", data.replace(b"\x01\x00" + old, b"\x01\x00" + new), None
    plain = {"vmlinuz-1": fake_kernel(), "initrd.img-1": b"initrd"}
    data = images.of(plain, "-R")
    yield "media-kernel-found-by-a-name-with-a-backslash", data.replace(b"\x01\x00vmlinuz-1", b"\x01\x00vmlinuz\\1"), None


def attacks(where):
    images = Images(where)
    wim = Maker(pathlib.Path(where) / "wims").bytes()
    files = windows_files(wim)
    kinds = {"rock-ridge": images.of(files, "-R"), "joliet": images.of(files, "-J"), "bridge": images.of(files, "-R", "-udf"),
             "plain": images.of(files), "linux": images.of(linux_files(), "-R")}
    for kind, data in kinds.items():
        yield f"disc-sound-{kind}", data, "good"
    yield from iso_truncated(kinds)
    yield from iso_volume(kinds)
    yield from iso_records(kinds)
    yield from iso_rock_ridge(kinds, images)
    yield from iso_huge(kinds)
    yield from joliet(kinds)
    yield from udf_attacks(images)
    yield from contradictions(kinds, images, wim)
    yield from media(images, wim)
    yield from backslashes(images)
