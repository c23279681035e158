# SPDX-License-Identifier: GPL-3.0-or-later
"""Disc images that want to do harm, each with a name that says how; like hostile_wims.py. They
are made from small genuine ones of Windows and Linux media; what has sums gets right ones."""

import pathlib
import struct
import sys

import discs
import hostile_wims
from discs import SECTOR, Udf, get, mend, put, tagged

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from fake_kernel import fake_kernel  # noqa: E402

VOLUME = 16 * SECTOR
ROOT = VOLUME + 156


def both(data, at, value, octets=4):
    """A number as ISO 9660 has it: in both orders."""
    value %= 1 << 8 * octets
    data[at:at + 2 * octets] = value.to_bytes(octets, "little") + value.to_bytes(octets, "big")


def records(data, root=ROOT):
    """Offsets of the directory records by name, of all directories; «» is the root's own."""
    found = {"": root}
    todo = [(root, "")]
    while todo:
        record, above = todo.pop()
        block, size = get(data, record + 2, "I"), get(data, record + 10, "I")
        at = block * SECTOR
        while at < (block * SECTOR + size):
            if data[at] == 0:
                at = (at // SECTOR + 1) * SECTOR
                continue
            name = bytes(data[at + 33:at + 33 + data[at + 32]])
            if name not in (b"\0", b"\1"):
                path = f"{above}/{name.decode('latin-1').removesuffix(';1')}"
                found[path] = at
                if data[at + 25] & 2:
                    todo.append((at, path))
            at += data[at]
    return found


def windows_files(wim):
    return {"sources/boot.wim": wim, "boot/boot.sdi": b"a disk", "sources/setup.exe": bytes(hostile_wims.pe_program())}


def linux_files():
    menu = b"default install\nlabel install\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz --- quiet\n"
    return {"install/vmlinuz": fake_kernel(), "install/initrd.gz": b"initrd", "isolinux/isolinux.cfg": menu}


class Images:
    def __init__(self, where):
        self.where = pathlib.Path(where)
        self.where.mkdir(parents=True, exist_ok=True)
        self.count = 0

    def of(self, files, *options):
        self.count += 1
        tree = self.where / f"tree{self.count}"
        hostile_wims.write_tree(tree, files)
        image = discs.genisoimage(self.where / f"image{self.count}", tree, "-no-pad", *options)
        return image.read_bytes()

    def udf(self):
        """An empty volume in which the first 2 MiB are used."""
        self.count += 1
        image = discs.mkudffs(self.where / f"image{self.count}", size=4 << 20)
        return Udf(image)


def iso_truncated(kinds):
    for kind in ("rock-ridge", "joliet", "bridge"):
        data = kinds[kind]
        borders = {"in-first-volume": VOLUME + 100, "behind-first-volume": VOLUME + SECTOR}
        for path, record in records(data).items():
            at = get(data, record + 2, "I") * SECTOR
            label = path.strip("/").replace("/", "-").lower() or "root"
            borders.update({f"before-{label}": at, f"in-{label}": at + max(get(data, record + 10, "I") // 2, 1)})
        if kind == "bridge":
            borders.update({"in-recognition": 18 * SECTOR, "before-anchor": 256 * SECTOR, "in-anchor": 256 * SECTOR + 20,
                            "behind-anchor": 257 * SECTOR})
        for label, at in borders.items():
            if at < len(data):
                yield f"iso-truncated-{kind}-{label}", data[:at], None


def changed(name, data, change, expected=None):
    made = bytearray(data)
    change(made)
    return name, bytes(made), expected


def iso_volume(kinds):
    data = kinds["rock-ridge"]
    for label, at, octets, values in (("blocks", VOLUME + 80, 4, (0, 1, -1)), ("block-size", VOLUME + 128, 2, (0, 1, 511, 2049, 4096, -1)),
                                      ("path-table-size", VOLUME + 132, 4, (0, -1)), ("root-place", ROOT + 2, 4, (0, 15, 16, -1)),
                                      ("root-size", ROOT + 10, 4, (0, 1, 33, 2047, 1 << 24, (1 << 24) + 1, -1))):
        for value in values:
            yield changed(f"iso-{label}-{value % (1 << 8 * octets):x}", data, lambda d, a=at, v=value, n=octets: both(d, a, v, n))
    yield changed("iso-orders-contradict", data, lambda d: put(d, ROOT + 2, "I", 1 << 20))
    yield changed("iso-root-record-of-0", data, lambda d: d.__setitem__(ROOT, 0))
    yield changed("iso-root-is-a-file", data, lambda d: d.__setitem__(ROOT + 25, 0), "no root directory")
    yield changed("iso-no-end-of-volumes", data, lambda d: d.__setitem__(slice(VOLUME + SECTOR, VOLUME + 64 * SECTOR), bytes(d[VOLUME:VOLUME + SECTOR]) * 63))
    yield changed("iso-only-an-end", data, lambda d: d.__setitem__(VOLUME, 255), "no primary volume")
    yield changed("iso-64-supplementary", kinds["joliet"], lambda d: d.__setitem__(slice(VOLUME + SECTOR, VOLUME + 64 * SECTOR), bytes(d[VOLUME + SECTOR:VOLUME + 2 * SECTOR]) * 63))
    yield changed("iso-label-that-steers-the-terminal", data, lambda d: d.__setitem__(slice(VOLUME + 40, VOLUME + 72), b"\x1b[2J\n\r\x9b\xff".ljust(32)), "good")
    yield changed("iso-joliet-root-is-the-plain-one", kinds["joliet"], lambda d: d.__setitem__(slice(VOLUME + SECTOR + 156, VOLUME + SECTOR + 190), d[ROOT:ROOT + 34]))


def iso_records(kinds):
    data = kinds["rock-ridge"]
    at = records(data)
    sources, wim, boot = at["/SOURCES"], at["/SOURCES/BOOT.WIM"], at["/BOOT"]

    for label, value in (("1", 1), ("32", 32), ("33", 33), ("34", 34), ("255", 255)):
        yield changed(f"iso-record-of-{label}", data, lambda d, v=value: d.__setitem__(wim, v))
        yield changed(f"iso-name-of-{label}", data, lambda d, v=value: d.__setitem__(wim + 32, v))
    yield changed("iso-name-of-0", data, lambda d: d.__setitem__(wim + 32, 0))
    yield changed("iso-attributes-of-255-blocks", data, lambda d: d.__setitem__(wim + 1, 255))
    for label, block in (("outside", 1 << 20), ("wraps", 0xFFFFFFFF), ("at-0", 0), ("over-the-volume", 16),
                         ("over-its-own-directory", get(data, sources + 2, "I")), ("over-the-root", get(data, ROOT + 2, "I"))):
        yield changed(f"iso-file-{label}", data, lambda d, v=block: both(d, wim + 2, v))
        yield changed(f"iso-directory-{label}", data, lambda d, v=block: both(d, sources + 2, v))
    for label, size in (("0", 0), ("1", 1), ("2-GB", 1 << 31), ("4-GB", 0xFFFFFFFF)):
        yield changed(f"iso-file-of-{label}", data, lambda d, v=size: both(d, wim + 10, v))
        yield changed(f"iso-directory-of-{label}", data, lambda d, v=size: both(d, sources + 10, v))
    for label, flags in (("directory", 2), ("associated", 4), ("protected", 16), ("never-ends", 0x80), ("all-flags", 0xFF)):
        yield changed(f"iso-file-is-{label}", data, lambda d, v=flags: d.__setitem__(wim + 25, v))
    yield changed("iso-interleaved", data, lambda d: d.__setitem__(slice(wim + 26, wim + 28), b"\1\1"), "interleaved")

    def into(record, other):
        return lambda d: d.__setitem__(slice(record + 2, record + 18), d[other + 2:other + 18])
    yield changed("iso-directory-holds-the-root", data, into(sources, ROOT), "in a circle")
    yield changed("iso-directories-in-each-other", data, lambda d: (into(sources, ROOT)(d), into(boot, ROOT)(d)), "in a circle")
    yield changed("iso-two-names-for-one-directory", data, into(boot, sources))
    yield changed("iso-one-file-all-the-image", data, lambda d: (both(d, wim + 2, 0), both(d, wim + 10, len(d))))


def iso_rock_ridge(kinds, images):
    data = kinds["rock-ridge"]

    def named(text):
        def change(d):
            at = d.find(b"NM\x0d\x01\x00boot.wim")
            assert at > 0 and len(text) == 8
            d[at + 5:at + 13] = text
        return change

    for label, text in (("climbs", b"../../x2"), ("absolute", b"/etc/pwd"), ("nul", b"boot\0wim"), ("control", b"\x1b[2Jboot"),
                        ("not-utf-8", b"\xff\xfe\xc0\x80\xed\xa0\x80x"), ("backslash", b"..\\..\\ab"), ("line-break", b"boot\nwim")):
        yield changed(f"iso-name-{label}", data, named(text))
    field = bytes(data).find(b"NM\x0d\x01\x00boot.wim")
    for label, flags in (("continues", 1), ("is-itself", 2), ("is-above", 4), ("all-flags", 0xFF)):
        yield changed(f"iso-name-{label}", data, lambda d, f=flags: d.__setitem__(field + 4, f))
    for size in (0, 3, 4, 5, 0xFF):
        yield changed(f"iso-field-of-{size}", data, lambda d, s=size: d.__setitem__(field + 2, s))
    for other in (b"SL", b"RE", b"ZF", b"CL", b"PL", b"ST", b"SP", b"CE", b"ER"):
        yield changed(f"iso-field-{other.decode()}-for-the-name", data, lambda d, o=other: d.__setitem__(slice(field, field + 2), o))
    more = bytes(data).find(b"CE\x1c\x01")  # of the root's own record
    assert more > 0
    block = get(data, more + 4, "I")

    def continues(place, offset, size):
        return lambda d: (both(d, more + 4, place), both(d, more + 12, offset), both(d, more + 20, size))

    def loop(d):
        d[block * SECTOR:block * SECTOR + 28] = d[more:more + 28]
        both(d, block * SECTOR + 12, 0)
        both(d, block * SECTOR + 20, 28)
        continues(block, 0, 28)(d)
    yield changed("iso-fields-continue-in-themselves", data, loop, "without end")

    def pair(d):
        for here, there in ((0, 100), (100, 0)):
            at = block * SECTOR + here
            d[at:at + 28] = d[more:more + 28]
            both(d, at + 4, block)
            both(d, at + 12, there)
            both(d, at + 20, 28)
        continues(block, 0, 28)(d)
    yield changed("iso-fields-continue-in-each-other", data, pair, "without end")
    for label, where in (("outside", (1 << 20, 0, 100)), ("wraps", (-1, -1, 100)), ("of-4-GB", (0, 0, -1)), ("of-nothing", (block, 0, 0)),
                         ("behind-their-block", (block, 1 << 20, 100)), ("in-the-volume", (16, 0, 2048))):
        yield changed(f"iso-fields-continue-{label}", data, continues(*where))
    skip = bytes(data).find(b"SP\x07\x01\xbe\xef")
    yield changed("iso-fields-skip-255", data, lambda d: d.__setitem__(skip + 6, 255))
    moved = images.of({"a/b/c/d/e/f/g/h/i/file": b"deep", **windows_files(b"no image")}, "-R")
    child = moved.find(b"CL\x0c\x01")
    assert child > 0
    for label, value in (("to-the-root", get(moved, ROOT + 2, "I")), ("outside", 1 << 20), ("to-a-file", 0), ("wraps", -1)):
        yield changed(f"iso-moved-directory-{label}", moved, lambda d, v=value: both(d, child + 4, v))
    twins = images.of({"sources/boot.wim": b"a", "sources/boot.wiM": b"b", "Sources/boot.wim": b"c", "SOURCES/BOOT.WIM": b"d"}, "-R")
    yield "iso-names-that-differ-in-case-only", twins, None
    deep = "/".join("d" for _ in range(70))
    yield "iso-directories-70-deep", images.of({f"{deep}/file": b"x"}, "-R", "-D"), "nested over 64 deep"


def iso_huge(kinds):
    """A directory of the largest size that is read, and more entries than any disc has."""
    data = bytearray(kinds["rock-ridge"])
    entry = bytearray(data[records(data)["/BOOT"]:][:40])
    entry = bytearray(46)
    entry[0], entry[32] = 46, 12
    both(entry, 2, 20)
    entry[33:45] = b"FILE0000.X;1"
    sector = bytes(entry) * (SECTOR // 46)
    content = sector.ljust(SECTOR, b"\0") * ((16 << 20) // SECTOR)
    own = bytearray(34)
    own[0], own[25], own[32] = 34, 2, 1
    block = len(data) // SECTOR + 1
    both(own, 2, block)
    both(own, 10, len(content))
    data = bytearray(bytes(data).ljust(block * SECTOR, b"\0"))
    data[ROOT:ROOT + 34] = own
    yield "iso-directory-of-16-MB", bytes(data) + bytes(own) + content[34:], None


def joliet(kinds):
    data = kinds["joliet"]
    name = "boot.wim".encode("utf-16-be")
    for label, text in (("climbs", "../../x2"), ("absolute", "/etc/pwd"), ("nul", "boot\0wim"), ("control", "\x1b[2Jboot"),
                        ("half-a-pair", "boot\ud800wim"), ("backwards", "boo\u202ewim1"), ("version-only", ";1;1;1;1")):
        encoded = text.encode("utf-16-be", "surrogatepass")[:len(name)].ljust(len(name), b"\0")
        yield changed(f"joliet-name-{label}", data, lambda d, e=encoded: d.__setitem__(slice(0, len(d)), d.replace(name, e)))
    yield changed("joliet-name-of-odd-octets", data, lambda d: [d.__setitem__(a + 32, 15) for p, a in records(d, VOLUME + SECTOR + 156).items() if p.endswith("m")])


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
    yield "disc-whose-boot-wim-is-cut", images.of(windows_files(wim[:len(wim) // 2]), "-R"), hostile_wims.INCOMPLETE
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


def attacks(where):
    images = Images(where)
    wim = hostile_wims.Maker(pathlib.Path(where) / "wims").bytes()
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
