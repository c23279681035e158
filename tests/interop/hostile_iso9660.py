# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of hostile_discs.py: ISO 9660, Rock Ridge and Joliet."""

from disc_images import ROOT, VOLUME, both, changed, records, windows_files
from discs import SECTOR, get, put


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
