# SPDX-License-Identifier: GPL-3.0-or-later
"""Part of hostile_wims.py: what is in an image of sound structure, and what belongs to another."""

import hashlib
import random
import struct

from wims import BOOT, COMPRESSED, Wim, boot_files, pe_program, wimlib, write_tree


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
