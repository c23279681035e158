# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows images that want to do harm, each with a name that says how. They are made from small
genuine ones, and signed again where an attacker would do so. attacks() gives (name, bytes,
what must come of it): None where any end within the limits will do, else «good», or words of
the refusal."""

import hashlib
import pathlib
import struct
import subprocess

HEADER = 208
# Where the header says where the parts are: 7 octets of size, 1 of flags, offset, size unpacked.
TABLE, XML, METADATA, INTEGRITY = 0x30, 0x48, 0x60, 0x7C
PARTS = {"table": TABLE, "xml": XML, "metadata": METADATA, "integrity": INTEGRITY}
ENTRY, HASH = 50, 30  # octets of an entry of the table; where its checksum stands
IS_METADATA, COMPRESSED, SPANNED, SOLID = 0x02, 0x04, 0x08, 0x10
BOOT = "Windows/Boot/"
INCOMPLETE = "incomplete"


def pe_program(machine=0x8664, size=1024):
    program = bytearray(size)
    program[:2] = b"MZ"
    struct.pack_into("<I", program, 0x3C, 0x80)
    struct.pack_into("<4sH", program, 0x80, b"PE\0\0", machine)
    struct.pack_into("<H", program, 0x98, 0x20B)
    struct.pack_into("<I", program, 0x98 + 108, 16)
    return program


def boot_files():
    return {BOOT + "PXE/pxeboot.n12": b"pxeboot", BOOT + "PXE/wdsnbp.com": b"wdsnbp",
            BOOT + "EFI/bootmgfw.efi": bytes(pe_program()), BOOT + "Fonts/wgl4_boot.ttf": b"letters",
            BOOT + "DVD/EFI/boot.sdi": b"a disk"}


def write_tree(tree, files):
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def wimlib(*words):
    subprocess.run(["wimlib-imagex", *map(str, words)], check=True, capture_output=True)


class Maker:
    """Genuine images, each made in its own folder below `where`."""

    def __init__(self, where):
        self.where = pathlib.Path(where)
        self.count = 0

    def folder(self):
        self.count += 1
        made = self.where / str(self.count)
        made.mkdir(parents=True)
        return made

    def capture(self, files, *options, compress="none"):
        folder = self.folder()
        write_tree(folder / "tree", files)
        image = folder / "image.wim"
        wimlib("capture", folder / "tree", image, "PE", "--boot", "--no-acls", f"--compress={compress}",
               "--image-property=WINDOWS/ARCH=9", *options)
        return image

    def bytes(self, files=None, *options, compress="none"):
        return self.capture(files or boot_files(), *options, compress=compress).read_bytes()


class Wim:
    """An image to be changed by hand."""

    def __init__(self, data):
        self.data = bytearray(data)

    def get(self, at, octets=8):
        return int.from_bytes(self.data[at:at + octets], "little")

    def put(self, at, value, octets=8):
        self.data[at:at + octets] = (value % (1 << 8 * octets)).to_bytes(octets, "little")

    def part(self, at):
        """Offset and stored size of one of the header's parts."""
        return self.get(at + 8), self.get(at, 7)

    def entries(self):
        offset, size = self.part(TABLE)
        return range(offset, offset + size, ENTRY)

    def metadata_entry(self):
        return next(e for e in self.entries() if self.data[e + 7] & IS_METADATA)

    def data_entries(self):
        return [e for e in self.entries() if not self.data[e + 7] & IS_METADATA]

    def append(self, content, part):
        """New content for one of the header's parts, at the end of the file."""
        self.put(part, len(content), 7)
        self.put(part + 7, 0, 1)
        self.put(part + 8, len(self.data))
        self.put(part + 16, len(content))
        self.data += content

    def set_metadata(self, content):
        entry = self.metadata_entry()
        at = len(self.data)
        for where in (entry, METADATA):
            self.put(where, len(content), 7)
            self.put(where + 8, at)
            self.put(where + 16, len(content))
        self.data += content
        self.sign()

    def sign(self):
        entry = self.metadata_entry()
        at, size = self.get(entry + 8), self.get(entry, 7)
        self.data[entry + HASH:entry + ENTRY] = hashlib.sha1(self.data[at:at + size]).digest()

    def folders(self):
        """Offsets in the file of what the folders hold, by path; the root is «»."""
        base = self.get(self.metadata_entry() + 8)
        found = {}

        def collect(entry, path):
            found[path] = entry
            child = self.get(entry + 16)
            if child == 0:
                return
            at = base + child
            while self.get(at) > 8:
                size = self.get(at + 100, 2)
                collect(at, f"{path}/{self.data[at + 102:at + 102 + size].decode('utf-16-le')}")
                at += (self.get(at) + 7) // 8 * 8

        collect(base + (self.get(base, 4) + 7) // 8 * 8, "")
        return found

    def xml(self, text, encoding="utf-16-le", mark=b"\xff\xfe"):
        self.append(mark + (text if isinstance(text, bytes) else text.encode(encoding, "surrogatepass")), XML)
        return self


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


def dentry(name, attributes, children=0, digest=bytes(20)):
    encoded = name.encode("utf-16-le")
    entry = bytearray(102) + encoded + bytes(2 if encoded else 0)
    entry += bytes(-len(entry) % 8)
    struct.pack_into("<QIiQ", entry, 0, len(entry), attributes, -1, children)
    entry[64:84] = digest
    struct.pack_into("<H", entry, 100, len(encoded))
    return bytes(entry)


def metadata_of(levels):
    """Folders as nested lists: [(name, attributes, digest, children or None)]."""
    out = bytearray(struct.pack("<II", 8, 0))
    root = len(out)
    out += dentry("", 0x10) + bytes(8)
    todo = [(root, levels)]
    while todo:
        parent, items = todo.pop()
        struct.pack_into("<Q", out, parent + 16, len(out))
        for name, attributes, digest, children in items:
            if children is not None:
                todo.append((len(out), children))
            out += dentry(name, attributes, 0, digest)
        out += bytes(8)
    return bytes(out)


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


def xml_bombs(kinds):
    def doc(inner):
        return f'<WIM><IMAGE INDEX="1">{inner}</IMAGE></WIM>'

    laughs = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(c)} "{("&" + chr(c - 1) + ";") * 10}">' for c in range(ord("b"), ord("l"))) + "]>"
    texts = {
        "unclosed": "<WIM>" + "<" * 200_000, "deep": "<a>" * 50_000, "deep-and-closed": "<a>" * 20_000 + "</a>" * 20_000,
        "laughs": laughs + doc("<NAME>&k;</NAME>"), "entity-of-itself": '<!DOCTYPE l [<!ENTITY a "&a;">]>' + doc("<NAME>&a;</NAME>"),
        "entity-of-a-file": '<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + doc("<NAME>&f;</NAME>"),
        "entity-of-the-network": '<!DOCTYPE l SYSTEM "http://192.0.2.1/x.dtd">' + doc("<NAME>x</NAME>"),
        "20000-images": "<WIM>" + "".join(f'<IMAGE INDEX="{i}"/>' for i in range(1, 20_001)) + "</WIM>",
        "65-images": "<WIM>" + "".join(f'<IMAGE INDEX="{i}"/>' for i in range(1, 66)) + "</WIM>",
        "no-image": "<WIM/>", "no-root": "", "another-root": "<X><IMAGE INDEX=\"1\"/></X>",
        "name-of-a-megabyte": doc("<NAME>" + "n" * (1 << 20) + "</NAME>"),
        "name-that-steers-the-terminal": doc("<NAME>\u009b2J\u202e\u001f</NAME>"),
        "name-of-line-breaks": doc("<NAME>a\r\nfile          /etc\n\n</NAME>"), "index-0": '<WIM><IMAGE INDEX="0"/></WIM>',
        "index-negative": '<WIM><IMAGE INDEX="-1"/></WIM>', "index-huge": '<WIM><IMAGE INDEX="4294967297"/></WIM>',
        "index-text": '<WIM><IMAGE INDEX="one"/></WIM>', "index-missing": "<WIM><IMAGE/></WIM>",
        "index-twice": '<WIM><IMAGE INDEX="1"/><IMAGE INDEX="1"/></WIM>',
        "50000-attributes": doc("<NAME " + " ".join(f'a{i}="1"' for i in range(50_000)) + ">x</NAME>"),
        "same-attribute-twice": doc('<NAME a="1" a="2">x</NAME>'),
        "comment-without-end": "<WIM><!-- " + "x" * 100_000, "section-without-end": "<WIM><![CDATA[" + "x" * 100_000,
        "1000-languages": doc("<WINDOWS><ARCH>9</ARCH><LANGUAGES>" + "<LANGUAGE>en-US</LANGUAGE>" * 1000 + "</LANGUAGES></WINDOWS>"),
        "architecture-999": doc("<WINDOWS><ARCH>999999999999999999999</ARCH></WINDOWS>"),
        "half-a-pair": doc("<NAME>\ud800</NAME>"), "processing-instruction": "<?php x ?>" * 1000 + doc("<NAME>x</NAME>"),
        "namespaces": '<WIM xmlns="urn:x" xmlns:a="urn:y"><a:IMAGE INDEX="1"/></WIM>',
    }
    for label, text in texts.items():
        yield f"wim-xml-{label}", Wim(kinds["lzx"]).xml(text).data, None
    yield "wim-xml-no-mark", Wim(kinds["lzx"]).xml(doc("<NAME>x</NAME>"), mark=b"").data, None
    yield "wim-xml-utf-8", Wim(kinds["lzx"]).xml(doc("<NAME>x</NAME>").encode(), mark=b"\xef\xbb\xbf").data, None
    yield "wim-xml-odd-octets", Wim(kinds["lzx"]).xml(doc("<NAME>x</NAME>").encode("utf-16-le") + b"x").data, None
    yield "wim-xml-zeros", Wim(kinds["lzx"]).xml(bytes(1 << 20)).data, None
    yield "wim-xml-noise", Wim(kinds["lzx"]).xml(hashlib.sha512(b"x").digest() * 1000).data, None


def integrity(kinds):
    sound = Wim(kinds["checked"])
    at, size = sound.part(INTEGRITY)
    for label, offset, value in (("size-0", 0, 0), ("size-huge", 0, -1), ("count-0", 4, 0), ("count-huge", 4, -1),
                                 ("chunk-0", 8, 0), ("chunk-1", 8, 1), ("wrong", 12, 0)):
        wim = Wim(sound.data)
        wim.put(at + offset, value, 4)
        yield f"wim-checks-{label}", wim.data, None


def bombs(maker, kinds):
    def fonts(count, size):
        return {**boot_files(), **{f"{BOOT}Fonts/{chr(ord('a') + i)}.ttf": bytes([i]) * size for i in range(count)}}

    yield "wim-bomb-lzx-fonts-of-80-MB", maker.bytes(fonts(10, 8 << 20), compress="lzx"), "larger than 64 MiB"
    yield "wim-bomb-xpress-fonts-of-80-MB", maker.bytes(fonts(5, 16 << 20), compress="xpress"), "larger than 64 MiB"
    yield "wim-bomb-solid-fonts-of-80-MB", maker.bytes(fonts(5, 16 << 20), "--solid"), None
    yield "wim-bomb-one-font-of-33-MB", maker.bytes(fonts(1, 33 << 20), compress="lzx"), "that is no boot file"
    yield "wim-bomb-a-program-of-31-MB", maker.bytes({**boot_files(), BOOT + "EFI/bootmgfw.efi": bytes(pe_program(size=31 << 20))},
                                                      compress="lzx"), "good"
    yield "wim-bomb-behind-files-that-are-not-read", maker.bytes({**boot_files(), "Windows/big": bytes(70 << 20)}, compress="lzx"), "good"
    packed = Wim(kinds["lzx"])
    for e in packed.data_entries():
        if packed.data[e + 7] & COMPRESSED:
            packed.put(e + 16, 30 << 20)
    yield "wim-bomb-claims-30-MB-each", packed.data, None


def parts_of_others(maker):
    import random
    noise = random.Random(1)
    files = {**boot_files(), "Windows/big1": noise.randbytes(400_000), "Windows/big2": noise.randbytes(400_000)}
    whole = maker.capture(files)
    wimlib("split", whole, whole.parent / "part.swm", "0.3")
    for number, part in enumerate(sorted(whole.parent.glob("part*.swm")), 1):
        yield f"wim-part-{number}-of-a-split-one", part.read_bytes(), "join its parts first"
    liar = Wim((whole.parent / "part.swm").read_bytes())
    liar.put(42, 1, 2)
    yield "wim-part-that-says-to-be-whole", liar.data, None
    base = maker.capture(boot_files())
    folder = maker.folder()
    write_tree(folder / "tree", {**boot_files(), "more": b"more"})
    wimlib("capture", folder / "tree", folder / "delta.wim", "PE", "--boot", "--no-acls", f"--delta-from={base}")
    yield "wim-delta-of-another", (folder / "delta.wim").read_bytes(), None
    wimlib("capture", folder / "tree", folder / "piped.wim", "PE", "--boot", "--no-acls", "--pipable")
    yield "wim-pipable", (folder / "piped.wim").read_bytes(), "good"


def programs(maker):
    """What stands where firmware would look for a program."""
    def program(change, size=1024):
        made = pe_program(size=size)
        change(made)
        return bytes(made)

    def put(at, value, octets=4):
        return lambda p: p.__setitem__(slice(at, at + octets), (value % (1 << 8 * octets)).to_bytes(octets, "little"))

    directory = 0x98 + 112 + 32  # of the signatures

    def signed(table, at=512, size=None):
        def change(p):
            put(0x98 + 108, 16)(p)
            put(directory, at)(p)
            put(directory + 4, len(table) if size is None else size)(p)
            p[512:512 + len(table)] = table
        return change

    def certificate(der, length=None, kind=2):
        return struct.pack("<IHH", len(der) + 8 if length is None else length, 0x200, kind) + der

    files = {"empty": b"", "one-octet": b"M", "dos-only": b"MZ", "text": b"not a program" * 10, "zeros": bytes(4096)}
    for label, at in (("header-at-0", 0), ("header-in-itself", 0x3C), ("header-at-the-end", 1020), ("header-outside", 1 << 30),
                      ("header-wraps", 0xFFFFFFFF), ("header-wraps-by-4", 0xFFFFFFFC)):
        files[label] = program(put(0x3C, at))
    files["ends-in-header"] = program(lambda p: None)[:0x98]
    files["ends-in-directories"] = program(lambda p: None)[:0x98 + 112 + 20]
    for label, value in (("no-form", 0), ("rom-form", 0x107), ("all-ones", 0xFFFF)):
        files[label] = program(put(0x98, value, 2))
    for label, value in (("no-directories", 0), ("4-directories", 4), ("2-to-the-32-directories", 0xFFFFFFFF)):
        files[label] = program(put(0x98 + 108, value))
    files["unknown-machine"] = program(put(0x84, 0x1234, 2))
    files["machine-of-arm"] = program(put(0x84, 0xAA64, 2))
    certificates = {
        "outside": dict(table=b"", at=1 << 20, size=100), "wraps": dict(table=b"", at=0xFFFFFFF0, size=0x20),
        "over-the-header": dict(table=b"", at=0, size=1024), "length-0": dict(table=certificate(b"", 0)),
        "length-7": dict(table=certificate(b"", 7)), "length-huge": dict(table=certificate(b"x", 0xFFFFFFFF)),
        "no-der": dict(table=certificate(b"x" * 100)), "der-longer": dict(table=certificate(b"\x30\x84\x7f\xff\xff\xff")),
        "der-without-end": dict(table=certificate(b"\x30\x80" + b"\x30\x80" * 100)),
        "der-length-of-9": dict(table=certificate(b"\x30\x89" + b"\xff" * 9)),
        "der-nested": dict(table=certificate(b"".join(b"\x30\x82" + struct.pack(">H", 396 - 4 * i) for i in range(100)))),
        "oid-huge": dict(table=certificate(b"\x30\x0a\x06\x88" + b"\xff" * 8)), "empty-der": dict(table=certificate(b"\x30\x00")),
        "data-only": dict(table=certificate(bytes.fromhex("300b06092a864886f70d010701"))),
        "signed-data-of-nothing": dict(table=certificate(bytes.fromhex("300f06092a864886f70d010702a0023000"))),
        "40-entries": dict(table=certificate(b"") * 40), "other-kinds": dict(table=certificate(b"x" * 8, kind=0xEF1) * 4),
        "half-an-entry": dict(table=b"\x10\0\0"),
    }
    for label, how in certificates.items():
        files[f"signature-{label}"] = program(signed(**how))
    for label, content in files.items():
        yield f"wim-program-{label}", maker.bytes({**boot_files(), BOOT + "EFI/bootmgfw.efi": content}), "good"
    nested = b"\x30\x83\x0f\xff\xf0" + b"\x30\x80" * 500_000
    huge = program(lambda p: None, size=1 << 20) + certificate(nested)
    huge = bytearray(huge)
    put(directory, 1 << 20)(huge)
    put(directory + 4, len(huge) - (1 << 20))(huge)
    yield "wim-program-signature-nested-500000-deep", maker.bytes({**boot_files(), BOOT + "EFI/bootmgfw.efi": bytes(huge)}), None


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
