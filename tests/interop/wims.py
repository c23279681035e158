# SPDX-License-Identifier: GPL-3.0-or-later
"""Small Windows images, made by wimlib-imagex and changed by hand. Layout of the format: as in
tests/content/hostile_wims.cc."""

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
