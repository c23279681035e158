# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile unified kernel images: each with a name, its octets, and what is to be said of it (None: anything)."""

import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from fake_kernel import fake_kernel  # noqa: E402
from unified_image import OS_RELEASE, make_uki  # noqa: E402

HEADER = 0x80
DIRECTORIES = HEADER + 24 + 112  # of a PE32+ program
TABLE = HEADER + 24 + 0xF0
KERNEL = fake_kernel()
SOUND = [(".osrel", OS_RELEASE), (".cmdline", b"quiet\0"), (".initrd", b"initrd"), (".linux", KERNEL)]


def changed(at, layout, *values, sections=SOUND):
    program = bytearray(make_uki(sections))
    struct.pack_into("<" + layout, program, at, *values)
    return bytes(program)


def signed(table, offset=None, size=None):
    program = bytearray(make_uki(SOUND))
    struct.pack_into("<II", program, DIRECTORIES + 8 * 4, len(program) if offset is None else offset,
                     len(table) if size is None else size)
    return bytes(program) + table


def attacks():
    yield "uki-sound", make_uki(SOUND), "good"
    yield "uki-no-kernel", make_uki(SOUND[:3]), "it has no kernel"
    yield "uki-no-sections", make_uki([]), "it has no kernel"
    yield "uki-65535-sections", changed(HEADER + 6, "H", 0xFFFF), "too many sections"
    yield "uki-96-sections-of-30", changed(HEADER + 6, "H", 96), None
    yield "uki-header-at-the-end", changed(0x3C, "I", 0xFFFFFFF0), "not a Windows image"
    yield "uki-optional-header-of-64-k", changed(HEADER + 20, "H", 0xFFFF), "ends inside its header"
    yield "uki-table-in-the-dos-header", changed(HEADER + 20, "H", 0), None
    for index, (name, _) in enumerate(SOUND):
        at = TABLE + 40 * index
        yield f"uki{name}-beyond-the-end", changed(at + 20, "I", 0xFFFFFF00), "outside the file"
        yield f"uki{name}-of-4-GB", changed(at + 8, "III", 0xFFFFFFFF, 0x1000, 0xFFFFFFFF), "outside the file"
        yield f"uki{name}-wraps", changed(at + 16, "II", 0xFFFFFFFF, 0xFFFFFFFF), None
        yield f"uki{name}-is-the-header", changed(at + 8, "IIII", 4096, 0, 4096, 0), None
        yield f"uki{name}-empty", changed(at + 8, "I", 0), None
        yield f"uki{name}-name-of-control-characters", changed(at, "8s", b"\x1b[2J\n\0\xff\xff"), None
    yield "uki-kernel-is-the-program-itself", make_uki([(".linux", make_uki(SOUND))]), "not a Linux kernel"
    yield "uki-kernel-cut", make_uki([(".linux", KERNEL[:0x210])]), "incomplete"
    yield "uki-command-line-of-a-megabyte", make_uki([(".cmdline", b"x" * (1 << 20)), (".linux", KERNEL)]), "4096"
    yield "uki-command-line-of-escapes", make_uki([(".cmdline", b"\x1b[2J\nquiet\xff\xfe"), (".linux", KERNEL)]), "good"
    yield "uki-os-release-of-a-megabyte", make_uki([(".osrel", b"NAME=" + b"x" * (1 << 20)), (".linux", KERNEL)]), "good"
    yield "uki-os-release-of-lines", make_uki([(".osrel", b"\n" * (1 << 20)), (".linux", KERNEL)]), "good"
    yield "uki-version-of-escapes", make_uki([(".uname", b"\x1b]0;owned\x07"), (".linux", KERNEL)]), "good"
    yield "uki-40-initrds", make_uki([(".initrd", b"x")] * 40 + [(".linux", KERNEL)]), "at most 32"
    yield "uki-profiles", make_uki([(".linux", KERNEL)] + [(".profile", b"x"), (".linux", b"")] * 40), "good"
    yield "uki-for-another-machine", make_uki(SOUND, machine=0x1C0), "built for x64"
    yield "uki-signature-beyond-the-end", signed(b"", 0xFFFFFFF0, 16), "outside the file"
    yield "uki-signature-of-4-GB", signed(b"", 8, 0xFFFFFFFF), "outside the file"
    yield "uki-signatures-of-2-MB", signed(bytes(2 << 20)), "too large"
    yield "uki-signature-of-no-length", signed(struct.pack("<IHH", 0, 0x200, 2)), "damaged"
    yield "uki-signature-of-noise", signed(struct.pack("<IHH", 1000, 0x200, 2) + random.Random(1).randbytes(992)), None
    yield "uki-signatures-by-the-thousand", signed(struct.pack("<IHH", 8, 0x200, 1) * 100_000), "good"
    data = make_uki(SOUND)
    for size in (2, 64, HEADER, HEADER + 30, TABLE + 10, TABLE + 100, len(data) - 1):
        yield f"uki-cut-at-{size}", data[:size], None
    noise = random.Random(2)
    for number in range(40):
        program = bytearray(data)
        for _ in range(8):
            program[noise.randrange(TABLE + 40 * len(SOUND))] = noise.randrange(256)
        yield f"uki-random-{number}", bytes(program), None
