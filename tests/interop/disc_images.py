# SPDX-License-Identifier: GPL-3.0-or-later
"""Small disc images of Windows and Linux media, and their directory records to be changed by hand."""

import pathlib
import sys

import discs
from discs import SECTOR, Udf, get
from wims import pe_program, write_tree

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
    return {"sources/boot.wim": wim, "boot/boot.sdi": b"a disk", "sources/setup.exe": bytes(pe_program())}


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
        write_tree(tree, files)
        image = discs.genisoimage(self.where / f"image{self.count}", tree, "-no-pad", *options)
        return image.read_bytes()

    def udf(self):
        """An empty volume in which the first 2 MiB are used."""
        self.count += 1
        image = discs.mkudffs(self.where / f"image{self.count}", size=4 << 20)
        return Udf(image)


def changed(name, data, change, expected=None):
    made = bytearray(data)
    change(made)
    return name, bytes(made), expected
