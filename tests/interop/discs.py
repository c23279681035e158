# SPDX-License-Identifier: GPL-3.0-or-later
"""Disc images: made by genisoimage, xorriso and mkudffs, put together by hand where those write
nothing of the kind, and damaged on purpose."""

import binascii
import struct
import subprocess

SECTOR = 2048
ANCHOR, PARTITION, LOGICAL, FILE_SET, NAME, MORE, ENTRY, EXTENDED = 2, 5, 6, 256, 257, 258, 261, 266


def run(*command):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def genisoimage(image, tree, *options):
    run("genisoimage", "-quiet", "-V", "LABEL", *options, "-o", image, tree)
    return image


def mkudffs(image, revision="2.01", block=SECTOR, size=8 << 20, options=()):
    with open(image, "wb") as file:
        file.truncate(size)
    run("mkudffs", "--media-type=hd", f"--blocksize={block}", f"--udfrev={revision}", "-l", "Größe", *options, image)
    return image


def put(data, at, fmt, *values):
    struct.pack_into("<" + fmt, data, at, *values)


def get(data, at, fmt):
    return struct.unpack_from("<" + fmt, data, at)[0]


def tagged(identifier, body, location):
    """A descriptor with its tag, version 3 as in UDF 2.01."""
    tag = bytearray(struct.pack("<HHBxHHHI", identifier, 3, 0, 0, binascii.crc_hqx(body, 0), len(body), location))
    tag[4] = sum(tag) & 0xff
    return bytes(tag) + body


def mend(data, at):
    """Makes the sums of a tag right again, after its descriptor was changed."""
    size = get(data, at + 10, "H")
    put(data, at + 8, "H", binascii.crc_hqx(bytes(data[at + 16:at + 16 + size]), 0))
    data[at + 4] = 0
    data[at + 4] = sum(data[at:at + 16]) & 0xff


class Udf:
    """A volume of 2 KiB blocks, to be changed by hand."""

    def __init__(self, image):
        self.image = image
        self.data = bytearray(image.read_bytes())
        anchor = 256 * SECTOR
        assert get(self.data, anchor, "H") == ANCHOR
        self.sequence = get(self.data, anchor + 20, "I") * SECTOR
        self.descriptors = {}
        for at in range(self.sequence, self.sequence + get(self.data, anchor + 16, "I"), SECTOR):
            self.descriptors.setdefault(get(self.data, at, "H"), at)
        self.start = get(self.data, self.descriptors[PARTITION] + 188, "I")
        self.set = self.place(get(self.data, self.descriptors[LOGICAL] + 252, "I"))
        assert get(self.data, self.set, "H") == FILE_SET
        self.root_block = get(self.data, self.set + 404, "I")
        self.root = self.place(self.root_block)
        self.extended = get(self.data, self.root, "H") == EXTENDED

    def place(self, block):
        return (self.start + block) * SECTOR

    def save(self):
        self.image.write_bytes(self.data)
        return self.image

    def write(self, block, content):
        at = self.place(block)
        self.data[at:at + len(content)] = content

    def entry(self, block, kind, allocations, size, allocation_kind):
        """An extended file entry: 4 a directory, 5 a file; 1 long allocations, 3 the content."""
        icb = struct.pack("<IHHHBBIHH", 0, 4, 0, 1, 0, kind, 0, 0, allocation_kind)
        body = icb + struct.pack("<IIIHBBIQQQ", 0, 0, 0x1084, 1, 0, 0, 0, size, size, 0)
        body += bytes(12 * 4) + struct.pack("<II", 1, 0) + bytes(16 + 16 + 32) + struct.pack("<QII", 0, 0, len(allocations))
        assert len(body) + 16 == 216
        self.write(block, tagged(EXTENDED, body + allocations, block))

    @staticmethod
    def long(size, block, kind=0):
        return struct.pack("<IIH6x", size | kind << 30, block, 0)

    @staticmethod
    def name(text, block, flags=0):
        if not text or all(ord(c) < 256 for c in text):
            encoded = b"\x08" + text.encode("latin-1")
        else:
            encoded = b"\x10" + text.encode("utf-16-be")
        body = struct.pack("<HBB", 1, flags, len(encoded)) + struct.pack("<IIH6x", SECTOR, block, 0) + struct.pack("<H", 0)
        body += encoded
        return tagged(NAME, body + bytes(-(len(body) + 16) % 4), 0)

    def add_to_root(self, names):
        """Behind what mkudffs put there; it keeps the names in the entry itself."""
        at = self.root
        fixed = 216 if self.extended else 176
        assert get(self.data, at + 34, "H") & 7 == 3 and get(self.data, at + fixed - 8, "I") == 0
        size = get(self.data, at + fixed - 4, "I")
        self.data[at + fixed + size:at + fixed + size + len(names)] = names
        total = size + len(names)
        assert fixed + total <= SECTOR
        put(self.data, at + fixed - 4, "I", total)
        put(self.data, at + 56, "Q", total)
        if self.extended:
            put(self.data, at + 64, "Q", total)
        put(self.data, at + 10, "H", fixed - 16 + total)
        mend(self.data, at)


def udf_by_hand(image, chain=True):
    """What mkudffs, which makes empty volumes, and genisoimage, which knows only UDF 1.02, do
    not write: content within an entry, content in pieces, allocations in several blocks, names
    of 16 bits. Gives the files' contents by name."""
    udf = Udf(mkudffs(image))
    inside, pieces, chained = b"within its entry", bytes(range(256)) * 20, b"x" * 5000
    udf.entry(1000, 5, inside, len(inside), 3)
    udf.write(1100, pieces[:SECTOR])
    udf.write(1200, pieces[SECTOR:2 * SECTOR])
    udf.write(1300, pieces[2 * SECTOR:])
    udf.entry(1001, 5, udf.long(SECTOR, 1100) + udf.long(SECTOR, 1200) + udf.long(len(pieces) - 2 * SECTOR, 1300),
              len(pieces), 1)
    udf.write(1400, chained)
    udf.write(1500, tagged(MORE, struct.pack("<II", 0, 16) + udf.long(len(chained) - SECTOR, 1401), 1500))
    udf.entry(1002, 5, udf.long(SECTOR, 1400) + udf.long(SECTOR, 1500, kind=3), len(chained), 1)
    deep = udf.name("", udf.root_block, 0x0a) + udf.name("東京 – Größe.wim", 1001) + udf.name("gone", 1002, 4)
    udf.write(1600, deep)
    udf.entry(1003, 4, udf.long(len(deep), 1600), len(deep), 1)
    udf.add_to_root(udf.name("inside.txt", 1000) + udf.name("Sources", 1003, 2))
    files = {"inside.txt": inside, "Sources/東京 – Größe.wim": pieces}
    if chain:
        udf.add_to_root(udf.name("chained.bin", 1002))
        files["chained.bin"] = chained
    udf.save()
    return files
