# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows images that want to do harm, each with a name that says how. They are made from small
genuine ones, and signed again where an attacker would do so. attacks() gives (name, bytes,
what must come of it): None where any end within the limits will do, «good», "" for any refusal,
else words of it."""

from hostile_wim_content import bombs, parts_of_others, programs, xml_bombs
from wims import (COMPRESSED, ENTRY, HASH, HEADER, INTEGRITY, IS_METADATA, METADATA, PARTS, SOLID, SPANNED, TABLE, Maker, Wim,
                  boot_files, metadata_of)

ODD = {"0": 0, "1": 1, "2-to-the-40": 1 << 40, "2-to-the-55": 1 << 55, "all-ones": (1 << 64) - 1}


def truncated(kinds):
    for kind, data in kinds.items():
        wim = Wim(data)
        borders = {"nothing": 0, "in-magic": 4, "behind-magic": 8, "in-header": 0x30, "before-boot-index": 0x78,
                   "last-of-header": HEADER - 1, "behind-header": HEADER}
        for name, at in PARTS.items():
            offset, size = wim.part(at)
            if size:
                borders.update({f"before-{name}": offset, f"in-{name}": offset + size // 2, f"last-of-{name}": offset + size - 1})
        for name, at in borders.items():
            # libwim asks for the integrity table only where somebody wants to check by it.
            yield f"wim-truncated-{kind}-{name}", data[:at], None if "integrity" in name else ""


def header_fields(kinds):
    fields = {"magic": (0, 8, [0, 0x4D49575C]), "header-size": (8, 4, [0, 207, 0xFFFFFFFF]),
              "version": (12, 4, [0, 0xD01, 0xE00, 0xFFFFFFFF]),
              "flags": (16, 4, [0, 2, 4, 8, 0x10, 0x40, 0x60002, 0x80002, 0xE0002, 0xFFFFFFFF]),
              "chunk-size": (20, 4, [0, 1, 3, 1 << 15, 1 << 26, 1 << 31, 0xFFFFFFFF]),
              "part": (40, 2, [0, 2, 0xFFFF]), "parts": (42, 2, [0, 2, 0xFFFF]),
              "images": (44, 4, [0, 2, 65, 0xFFFF, 0xFFFFFFFF]), "boot-index": (0x78, 4, [2, 0x7FFFFFFF, 0xFFFFFFFF])}
    for kind in ("lzx", "solid"):
        for name, (at, octets, values) in fields.items():
            for value in values:
                wim = Wim(kinds[kind])
                wim.put(at, value, octets)
                yield f"wim-header-{kind}-{name}-{value:x}", wim.data, None


def header_parts(kinds):
    for name, at in PARTS.items():
        for label, value in ODD.items():
            for field, offset, octets in (("size", 0, 7), ("offset", 8, 8), ("unpacked-size", 16, 8)):
                wim = Wim(kinds["lzx"])
                wim.put(at + offset, value, octets)
                yield f"wim-{name}-{field}-{label}", wim.data, None
        for label, flags in (("compressed", COMPRESSED), ("solid", SOLID), ("all-flags", 0xFF)):
            wim = Wim(kinds["plain"])
            wim.put(at + 7, flags, 1)
            yield f"wim-{name}-says-{label}", wim.data, None
        for other, from_at in PARTS.items():
            if other != name:
                wim = Wim(kinds["lzx"])
                wim.data[at:at + 24] = wim.data[from_at:from_at + 24]
                yield f"wim-{name}-is-the-{other}", wim.data, None


def table_entries(kinds):
    def each(label, change, expected=None):
        wim = Wim(kinds["plain"])
        change(wim)
        return f"wim-entry-{label}", wim.data, expected

    for label, value in ODD.items():
        for field, offset, octets in (("size", 0, 7), ("offset", 8, 8), ("unpacked-size", 16, 8), ("references", 26, 4),
                                      ("part", 24, 2)):
            yield each(f"{field}-{label}", lambda w, o=offset, v=value, n=octets: [w.put(e + o, v, n) for e in w.data_entries()])
        yield each(f"metadata-size-{label}", lambda w, v=value: w.put(w.metadata_entry(), v, 7), None)
        yield each(f"metadata-unpacked-{label}", lambda w, v=value: w.put(w.metadata_entry() + 16, v))
        yield each(f"metadata-offset-{label}", lambda w, v=value: w.put(w.metadata_entry() + 8, v))
    for label, flags in (("free", 1), ("metadata", IS_METADATA), ("compressed", COMPRESSED), ("spanned", SPANNED),
                         ("solid", SOLID), ("all-flags", 0xFF)):
        yield each(f"says-{label}", lambda w, f=flags: [w.put(e + 7, f, 1) for e in w.data_entries()])
    yield each("metadata-says-compressed", lambda w: w.put(w.metadata_entry() + 7, IS_METADATA | COMPRESSED, 1))
    yield each("metadata-says-solid", lambda w: w.put(w.metadata_entry() + 7, IS_METADATA | SOLID, 1))
    yield each("no-metadata", lambda w: w.put(w.metadata_entry() + 7, 0, 1), "")
    yield each("all-overlap", lambda w: [w.put(e + 8, w.get(w.data_entries()[0] + 8)) for e in w.data_entries()])
    yield each("overlap-by-half", lambda w: [w.put(e + 8, w.get(e + 8) - w.get(e, 7) // 2) for e in w.data_entries()])
    yield each("overlap-the-header", lambda w: [w.put(e + 8, 0) for e in w.data_entries()])
    yield each("overlap-the-table", lambda w: [w.put(e + 8, w.part(TABLE)[0]) for e in w.data_entries()])

    def same_hash(w):
        for e in w.data_entries():
            w.data[e + HASH:e + ENTRY] = w.data[w.data_entries()[0] + HASH:w.data_entries()[0] + ENTRY]
    yield each("one-checksum-for-all", same_hash)
    yield each("checksum-of-zeros", lambda w: [w.put(e + HASH, 0, 20) for e in w.data_entries()])

    def twice(w):
        e = w.metadata_entry()
        other = w.data_entries()[0]
        w.data[other:other + ENTRY] = w.data[e:e + ENTRY]
    yield each("metadata-twice", twice)

    def many(w):
        offset, size = w.part(TABLE)
        w.append(bytes(w.data[offset:offset + size]) * 20_000, TABLE)
    yield each("a-hundred-thousand", many)
    wim = Wim(kinds["plain"])
    wim.append(bytes(wim.data[wim.part(TABLE)[0]:][:wim.part(TABLE)[1]])[:-7], TABLE)
    yield "wim-table-not-of-whole-entries", wim.data, None


def solid_resources(kinds):
    """Of the one resource in which an ESD has all its files: its head says how it is packed."""
    sound = Wim(kinds["solid"])
    resource = next(e for e in sound.entries() if sound.data[e + 7] & SOLID and sound.get(e + 16) == 1 << 32)
    head = sound.get(resource + 8)
    for field, at, octets, values in (("unpacked", head, 8, [0, 1, 1 << 32, 1 << 40, 1 << 62, -1]),
                                      ("chunk-size", head + 8, 4, [0, 1, 3, 1 << 30, 1 << 31, -1]),
                                      ("compression", head + 12, 4, [0, 1, 2, 99, -1]),
                                      ("first-chunk", head + 16, 4, [0, 1, 1 << 31, -1]),
                                      ("stored", resource, 7, [0, 15, 1 << 40, -1]),
                                      ("place", resource + 8, 8, [0, 1 << 40, 1 << 63, -1])):
        for value in values:
            wim = Wim(sound.data)
            wim.put(at, value, octets)
            yield f"wim-solid-{field}-{value % (1 << 8 * octets):x}", wim.data, None
    inner = [e for e in sound.entries() if sound.data[e + 7] & SOLID and e != resource]
    for label, offset, value in (("offset-outside", 8, 1 << 40), ("offset-wraps", 8, (1 << 64) - 1), ("all-at-0", 8, 0)):
        wim = Wim(sound.data)
        for e in inner:
            wim.put(e + offset, value)
        yield f"wim-solid-file-{label}", wim.data, None
    for label, value in (("0", 0), ("a-terabyte", 1 << 40), ("all-ones", -1)):
        wim = Wim(sound.data)
        for e in inner:
            wim.put(e, value, 7)
        yield f"wim-solid-file-size-{label}", wim.data, None


def folders(kinds):
    efi, fonts, boot = "/Windows/Boot/EFI", "/Windows/Boot/Fonts", "/Windows/Boot"

    def each(label, change, expected=None, files=None):
        wim = Wim(kinds["plain"])
        change(wim, wim.folders())
        wim.sign()
        return f"wim-folder-{label}", wim.data, expected

    def child(of):
        return lambda w, f: w.get(f[of] + 16)

    yield each("holds-itself", lambda w, f: w.put(f[efi] + 16, w.get(f[boot] + 16)), "damaged")
    yield each("root-in-the-middle", lambda w, f: w.put(f[efi] + 16, w.get(f[""] + 16)), "damaged")
    yield each("two-in-each-other", lambda w, f: (w.put(f[efi] + 16, w.get(f[boot] + 16)), w.put(f[fonts] + 16, w.get(f[boot] + 16))), "damaged")
    yield each("in-two-places", lambda w, f: w.put(f[fonts] + 16, w.get(f[efi] + 16)))
    for label, value in (*ODD.items(), ("7", 7), ("just-outside", 1 << 20)):
        yield each(f"children-at-{label}", lambda w, f, v=value: w.put(f[efi] + 16, v))
        yield each(f"entry-of-{label}", lambda w, f, v=value: w.put(f[efi] + 0, v))
    for label, value in (("streams", 96), ("short-name", 98), ("name", 100)):
        for number in (1, 2, 0x7FFF, 0xFFFF):
            yield each(f"{label}-{number:x}", lambda w, f, v=number, at=value: w.put(f[efi + "/bootmgfw.efi"] + at, v, 2))
    for label, bits in (("directory", 0x10), ("link", 0x400), ("encrypted", 0x4000), ("sparse", 0x200), ("all", 0xFFFFFFFF)):
        yield each(f"boot-file-is-{label}", lambda w, f, v=bits: w.put(f[efi + "/bootmgfw.efi"] + 8, v, 4))
    yield each("boot-folder-is-a-file", lambda w, f: w.put(f[boot] + 8, 0x20, 4))
    yield each("root-is-a-file", lambda w, f: w.put(f[""] + 8, 0x20, 4))
    for label, value in (("0", 0), ("1", 1), ("2-to-the-31", 1 << 31), ("all-ones", -1)):
        base = lambda w: w.get(w.metadata_entry() + 8)  # noqa: E731
        yield each(f"security-size-{label}", lambda w, f, v=value: w.put(base(w), v, 4))
        yield each(f"security-count-{label}", lambda w, f, v=value: w.put(base(w) + 4, v, 4))
    yield each("content-that-is-nowhere", lambda w, f: w.put(f[efi + "/bootmgfw.efi"] + 64, 1, 20))
    yield each("one-hard-link-group", lambda w, f: [w.put(e + 88, 1) for p, e in f.items() if p])


def rename(wim, path, name):
    """The octets of one name; those that follow it are the next entry's padding or its end."""
    entry = wim.folders()[path]
    octets = wim.get(entry + 100, 2)
    assert len(name) <= octets, (path, name)
    wim.put(entry + 100, len(name), 2)
    wim.data[entry + 102:entry + 102 + octets] = name.ljust(octets, b"\0")
    wim.sign()


def names(kinds):
    font = "/Windows/Boot/Fonts/wgl4_boot.ttf"
    spelled = {"upwards": "..", "itself": ".", "slash": "/", "climbs": "../../x.ttf", "absolute": "/etc/x.ttf",
               "backslash": "..\\..\\x.ttf", "device": "CON", "stream": "x.ttf:y", "control": "\x1b[2J.ttf", "nul": "x\0y.ttf",
               "line-break": "a\nb.ttf", "half-a-pair": "\ud800x.ttf", "backwards": "\u202ex.ttf", "empty": "", "blanks": "   "}
    for label, name in spelled.items():
        wim = Wim(kinds["plain"])
        rename(wim, font, name.encode("utf-16-le", "surrogatepass"))
        yield f"wim-name-{label}", wim.data, None
    for label, path, name in (("folder-upwards", "/Windows/Boot/Fonts", ".."), ("folder-absolute", "/Windows", "/etc"),
                              ("folder-twice", "/Windows/Boot/Fonts", "EFI"), ("folder-twice-by-case", "/Windows/Boot/Fonts", "efi"),
                              ("odd-octets", font, "x")):
        wim = Wim(kinds["plain"])
        encoded = name.encode("utf-16-le") + (b"x" if label == "odd-octets" else b"")
        rename(wim, path, encoded)
        yield f"wim-name-{label}", wim.data, None


def huge_folders(kinds):
    def made(levels):
        wim = Wim(kinds["plain"])
        wim.set_metadata(metadata_of(levels))
        return wim.data

    yield "wim-folders-of-100000-files", made([(f"f{i}", 0x20, bytes(20), None) for i in range(100_000)]), None
    font_names = [(f"f{i}.ttf", 0x20, bytes(20), None) for i in range(5000)]
    windows = [("Windows", 0x10, bytes(20), [("Boot", 0x10, bytes(20), [("Fonts", 0x10, bytes(20), font_names)])])]
    yield "wim-5000-fonts", made(windows), "too many fonts"
    for depth in (100, 5000, 50_000):
        levels = []
        for _ in range(depth):
            levels = [("d", 0x10, bytes(20), levels)]
        yield f"wim-folders-{depth}-deep", made(levels), None
    cases = [(n, 0x20, bytes(20), None) for n in ("a.ttf", "A.ttf", "a.TTF", "A.TTF")]
    yield "wim-names-that-differ-in-case-only", made([("Windows", 0x10, bytes(20), [("Boot", 0x10, bytes(20), [("Fonts", 0x10, bytes(20), cases)])])]), None
    yield "wim-names-all-the-same", made([("Windows", 0x10, bytes(20), None)] * 2000), None
    yield "wim-name-of-32767-characters", made([("n" * 32767, 0x20, bytes(20), None)]), None
    for label, size in (("4-GB", 4 << 30), ("2-to-the-50", 1 << 50)):
        for packed in (False, True):
            wim = Wim(kinds["lzx" if packed else "plain"])
            wim.put(wim.metadata_entry() + 16, size)
            wim.put(METADATA + 16, size)
            if not packed:
                wim.put(wim.metadata_entry(), size, 7)
                wim.put(METADATA, size, 7)
            yield f"wim-folders-of-{label}{'-packed' if packed else ''}", wim.data, None


def integrity(kinds):
    sound = Wim(kinds["checked"])
    at, size = sound.part(INTEGRITY)
    for label, offset, value in (("size-0", 0, 0), ("size-huge", 0, -1), ("count-0", 4, 0), ("count-huge", 4, -1),
                                 ("chunk-0", 8, 0), ("chunk-1", 8, 1), ("wrong", 12, 0)):
        wim = Wim(sound.data)
        wim.put(at + offset, value, 4)
        yield f"wim-checks-{label}", wim.data, None


def attacks(where):
    maker = Maker(where)
    two = maker.capture(boot_files(), "--check", compress="lzx")
    kinds = {"plain": maker.bytes(), "lzx": maker.bytes(compress="lzx"), "solid": maker.bytes(None, "--solid"),
             "checked": two.read_bytes()}
    for kind, data in kinds.items():
        yield f"wim-sound-{kind}", data, "good"
    yield from truncated(kinds)
    yield from header_fields(kinds)
    yield from header_parts(kinds)
    yield from table_entries(kinds)
    yield from solid_resources(kinds)
    yield from folders(kinds)
    yield from names(kinds)
    yield from huge_folders(kinds)
    yield from xml_bombs(kinds)
    yield from integrity(kinds)
    yield from bombs(maker, kinds)
    yield from parts_of_others(maker)
    yield from programs(maker)
