# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of registry hives, written from the format's description and not from our writer.

It is strict where Windows is: every offset must hit a cell in use, every list must be sorted,
every hint must match, every cell must be reached from the root.
"""

import struct


class Hive:
    def __init__(self, data):
        self.data = data
        magic, seq1, seq2, _, major, minor, kind, fmt, root, size = struct.unpack_from("<4sIIQIIIIII", data)
        assert magic == b"regf" and seq1 == seq2 and (major, minor, kind, fmt) == (1, 3, 0, 1)
        assert 4096 + size == len(data)
        total = 0
        for (word,) in struct.iter_unpack("<I", data[:508]):
            total ^= word
        assert struct.unpack_from("<I", data, 508)[0] == total
        self.cells = {}  # offset -> content, of those in use
        self.reached = set()
        at = 0
        while at < size:
            magic, offset, length = struct.unpack_from("<4sII", data, 4096 + at)
            assert magic == b"hbin" and offset == at and length % 4096 == 0 and length
            self._read_bin(at + 32, at + length)
            at += length
        self.security = {}  # offset -> how many keys point there
        self.tree = self._key(root, None, 0x2c)
        for offset, uses in self.security.items():
            self._security(offset, uses)
        assert self.reached == set(self.cells), "cells that nothing points to"

    def _read_bin(self, at, end):
        while at < end:
            (length,) = struct.unpack_from("<i", self.data, 4096 + at)
            assert length and length % 8 == 0 and at + abs(length) <= end
            if length < 0:
                self.cells[at] = self.data[4096 + at + 4:4096 + at - length]
            at += abs(length)

    def _cell(self, offset):
        assert offset not in self.reached, "a cell with two owners"
        self.reached.add(offset)
        return self.cells[offset]

    def _key(self, offset, parent, flags):
        cell = self._cell(offset)
        (magic, has, _, _, up, count, volatile, keys, no_keys, value_count, values, security, klass, name_max,
         class_max, value_name_max, value_max, _, name_size, class_size) = struct.unpack_from(
             "<2sHQIIIIIIIIIIIIIIIHH", cell)
        assert magic == b"nk" and has == flags and volatile == 0 and no_keys == klass == 0xffffffff
        assert class_max == class_size == 0 and (parent is None or up == parent)
        self.security[security] = self.security.get(security, 0) + 1
        children = self._children(offset, keys, count)
        found = self._values(values, value_count)
        assert name_max == max((2 * len(n) for n in children), default=0)
        assert value_name_max == max((2 * len(n) for n in found), default=0)
        assert value_max == max((len(v[1]) for v in found.values()), default=0)
        return {"name": cell[76:76 + name_size].decode("ascii"), "values": found, "keys": children}

    def _children(self, parent, offset, count):
        if count == 0:
            assert offset == 0xffffffff
            return {}
        cell = self._cell(offset)
        assert struct.unpack_from("<2sH", cell) == (b"lf", count)
        out = {}
        last = ""
        for i in range(count):
            child, hint = struct.unpack_from("<I4s", cell, 4 + 8 * i)
            key = self._key(child, parent, 0x20)
            name = key["name"]
            assert hint == name[:4].encode().ljust(4, b"\0") and name.upper() > last
            last = name.upper()
            out[name] = {"values": key["values"], "keys": key["keys"]}
        return out

    def _values(self, offset, count):
        if count == 0:
            assert offset == 0xffffffff
            return {}
        out = {}
        for (at,) in struct.iter_unpack("<I", self._cell(offset)[:4 * count]):
            cell = self._cell(at)
            magic, name_size, size, data, kind, flags = struct.unpack_from("<2sHIIIH", cell)
            assert magic == b"vk" and flags == 1
            if size & 0x80000000:
                content = struct.pack("<I", data)[:size & 0x7fffffff]
            else:
                content = self._cell(data)[:size]
                assert len(content) == size
            out[cell[20:20 + name_size].decode("ascii")] = (kind, content)
        return out

    def _security(self, offset, uses):
        cell = self._cell(offset)
        magic, _, after, before, count, size = struct.unpack_from("<2sHIIII", cell)
        assert magic == b"sk" and after == before == offset and count == uses
        revision, _, control, owner, group, audit, allowed = struct.unpack_from("<BBHIIII", cell, 20)
        assert revision == 1 and control & 0x8004 == 0x8004 and audit == 0
        assert 20 <= owner < size and 20 <= group < size and 20 <= allowed < size
        (length,) = struct.unpack_from("<H", cell, 20 + allowed + 2)
        assert allowed + length == size


def read(data):
    tree = Hive(data).tree
    return {"values": tree["values"], "keys": tree["keys"]}
