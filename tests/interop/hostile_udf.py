# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of hostile_discs.py: UDF, its sums made right."""

import struct

import discs
from discs import SECTOR, Udf, get, mend, put, tagged


def udf_attacks(images):
    sound = images.udf()
    sound.write(1100, b"content")
    sound.entry(1000, 5, Udf.long(7, 1100), 7, 1)

    def each(label, change, expected=None):
        udf = Udf(sound.image)
        udf.data = bytearray(sound.data)
        change(udf)
        return f"udf-{label}", bytes(udf.data), expected

    def descriptor(identifier, at, fmt, value):
        def change(u):
            # Each stands in two sequences: the second is for when the first is damaged.
            for place in range(0, len(u.data), SECTOR):
                if get(u.data, place, "H") == identifier and get(u.data, place + 2, "H") in (2, 3):
                    put(u.data, place + at, fmt, value)
                    mend(u.data, place)
        return change

    for label, identifier, at, fmt, values in (
            ("partition-start", discs.PARTITION, 188, "I", (0, 256, 1 << 20, 0xFFFFFFFF)),
            ("partition-number", discs.PARTITION, 22, "H", (1, 0xFFFF)),
            ("block-size", discs.LOGICAL, 212, "I", (0, 1, 512, 4096, 1 << 31, 0xFFFFFFFF)),
            ("maps-size", discs.LOGICAL, 264, "I", (0, 5, 0xFFFFFFFF)),
            ("maps", discs.LOGICAL, 268, "I", (0, 2, 0xFFFFFFFF)),
            ("map-kind", discs.LOGICAL, 440, "B", (0, 2, 255)),
            ("map-length", discs.LOGICAL, 441, "B", (0, 1, 255)),
            ("map-partition", discs.LOGICAL, 444, "H", (1, 0xFFFF)),
            ("set-place", discs.LOGICAL, 252, "I", (1, 1000, 0xFFFFFFFF)),
            ("set-reference", discs.LOGICAL, 256, "H", (1, 0xFFFF)),
            ("root-place", discs.FILE_SET, 404, "I", (0, 1, 1000, 0xFFFFFFFF)),
            ("root-reference", discs.FILE_SET, 408, "H", (1, 0xFFFF)),
            ("sequence-size", discs.ANCHOR, 16, "I", (0, 1, 0xFFFFFFFF)),
            ("sequence-place", discs.ANCHOR, 20, "I", (0, 256, 0xFFFFFFFF))):
        for value in values:
            yield each(f"{label}-{value:x}", descriptor(identifier, at, fmt, value))
    yield each("spare-sequence-is-the-only-one", lambda u: u.data.__setitem__(slice(u.sequence, u.sequence + SECTOR), bytes(SECTOR)))
    yield each("no-anchor", descriptor(discs.ANCHOR, 16, "I", 0))
    yield each("sum-is-wrong", lambda u: put(u.data, u.root + 4, "B", u.data[u.root + 4] ^ 1), "file entry is none")
    yield each("sum-over-65535", lambda u: put(u.data, u.root + 10, "H", 0xFFFF), "file entry is none")

    def root_entry(at, fmt, value):
        return lambda u: (put(u.data, u.root + at, fmt, value), mend(u.data, u.root))
    for label, at, fmt, values in (("strategy", 20, "H", (0, 4096, 0xFFFF)), ("type", 27, "B", (0, 5, 12, 255)),
                                   ("allocations", 34, "H", (0, 1, 2, 4, 7)), ("size", 56, "Q", (0, 1, 1 << 24, 1 << 40, 1 << 63, (1 << 64) - 1)),
                                   ("attributes", 208, "I", (1, 2000, 0xFFFFFFFF)), ("allocation-octets", 212, "I", (0, 1, 2000, 0xFFFFFFFF))):
        for value in values:
            yield each(f"root-{label}-{value:x}", root_entry(at, fmt, value))

    def name(text, block=1000, flags=0):
        return lambda u: u.add_to_root(u.name(text, block, flags))
    for label, text in (("climbs", ".."), ("itself", "."), ("slash", "a/b"), ("nul", "a\0b"), ("control", "\x1b[2J"), ("backwards", "\u202ex"),
                        ("half-a-pair", "\ud800x"), ("none", "")):
        if label == "half-a-pair":
            continue  # discs.name cannot write it
        yield each(f"name-{label}", name(text))
    yield each("names-that-differ-in-case-only", lambda u: u.add_to_root(u.name("a", 1000) + u.name("A", 1000) + u.name("a", 1000)))
    yield each("name-of-another-form", lambda u: u.add_to_root(tagged(discs.NAME, struct.pack("<HBB", 1, 0, 3) + struct.pack("<IIH6x", SECTOR, 1000, 0) + struct.pack("<H", 0) + b"\xfeab" + bytes(3), 0)))
    for label, use in (("1", 1), ("ffff", 0xFFFF)):
        yield each(f"name-use-of-{label}", lambda u, v=use: u.add_to_root(tagged(discs.NAME, struct.pack("<HBB", 1, 0, 2) + struct.pack("<IIH6x", SECTOR, 1000, 0) + struct.pack("<H", v) + b"\x08a" + bytes(4), 0)))
    yield each("directory-holds-itself", lambda u: u.add_to_root(u.name("again", u.root_block, 2)), "in a circle")

    def below(u):
        back = u.name("back", u.root_block, 2)
        u.entry(1003, 4, back, len(back), 3)
        u.add_to_root(u.name("down", 1003, 2))
    yield each("directory-below-holds-the-root", below, "in a circle")

    def mutual(u):
        for here, there in ((1003, 1004), (1004, 1003)):
            other = u.name("other", there, 2)
            u.entry(here, 4, other, len(other), 3)
        u.add_to_root(u.name("one", 1003, 2))
    yield each("directories-in-each-other", mutual, "in a circle")

    def wide(u):
        """Sixty directories in a row, each with two names for the next: 2^60 ways."""
        for level in range(60):
            both_names = u.name("a", 1004 + level, 2) + u.name("b", 1004 + level, 2)
            u.entry(1003 + level, 4, both_names, len(both_names), 3)
        u.entry(1063, 4, b"", 0, 3)
        u.add_to_root(u.name("a", 1003, 2))
    yield each("2-to-the-60-ways", wide)  # over 200000 files, or over the limit of time

    def deep(u):
        for level in range(80):
            down = u.name("d", 1004 + level, 2)
            u.entry(1003 + level, 4, down, len(down), 3)
        u.entry(1083, 4, b"", 0, 3)
        u.add_to_root(u.name("d", 1003, 2))
    yield each("directories-80-deep", deep, "nested over 64 deep")

    def file_of(allocations, size, kind=1):
        return lambda u: (u.entry(1001, 5, allocations, size, kind), u.add_to_root(u.name("file", 1001)))
    long = Udf.long
    yield each("chain-of-itself", lambda u: (u.write(1500, tagged(discs.MORE, struct.pack("<II", 0, 16) + long(SECTOR, 1500, 3), 1500)), file_of(long(SECTOR, 1500, 3), 1)(u)), "without end")

    def ring(u):
        for i in range(20):
            u.write(1500 + i, tagged(discs.MORE, struct.pack("<II", 0, 16) + long(SECTOR, 1500 + (i + 1) % 20, 3), 1500 + i))
        file_of(long(SECTOR, 1500, 3), 1)(u)
    yield each("chain-in-a-ring", ring, "without end")

    def full_ring(u):
        """A hundred pieces of a file in each block of an endless chain."""
        for i in range(2):
            pieces = long(1, 1100) * 100 + long(SECTOR, 1500 + (i + 1) % 2, 3)
            u.write(1500 + i, tagged(discs.MORE, struct.pack("<II", 0, len(pieces)) + pieces, 1500 + i))
        file_of(long(SECTOR, 1500, 3), 1 << 40)(u)
    yield each("a-million-pieces", full_ring, "without end")
    yield each("chain-outside", file_of(long(SECTOR, 0xFFFFFFFF, 3), 1))
    yield each("chain-to-a-file", file_of(long(SECTOR, 1000, 3), 1), "allocation is none")
    yield each("piece-of-a-gigabyte", file_of(long(0x3FFFFFFF, 1100), 0x3FFFFFFF), "cut short")
    yield each("pieces-in-another-partition", file_of(struct.pack("<IIH6x", 7, 1100, 9), 7), "partition that is not there")
    for kind, label in ((1, "allocated"), (2, "nothing")):
        yield each(f"piece-of-{label}", file_of(long(SECTOR, 1100, kind), SECTOR), "holes")
    for size in (1, 8, 1 << 40, (1 << 64) - 1):
        yield each(f"file-of-{size:x}", file_of(long(7, 1100), size))
    yield each("file-in-its-entry-larger", file_of(b"inside", 1 << 20, 3), "larger than its pieces")
    yield each("file-that-is-the-volume", file_of(long(0x3FF00000, 0), 4 << 20), "cut short")
    yield each("pieces-that-overlap", file_of(long(7, 1100) * 60, 7 * 60))
    yield each("directory-of-a-terabyte", lambda u: (u.entry(1003, 4, long(0x3FFFF800, 0), 1 << 40, 1), u.add_to_root(u.name("d", 1003, 2))), "a directory of")
    yield each("directory-larger-than-its-pieces", lambda u: (u.entry(1003, 4, long(SECTOR, 1100), SECTOR * 2, 1), u.add_to_root(u.name("d", 1003, 2))))
    yield each("directory-of-zeros", lambda u: (u.entry(1003, 4, long(SECTOR, 1700), SECTOR, 1), u.add_to_root(u.name("d", 1003, 2))), "file name is none")
    yield each("extended-entry-of-a-device", lambda u: (u.entry(1003, 6, b"", 0, 3), u.add_to_root(u.name("dev", 1003))))
