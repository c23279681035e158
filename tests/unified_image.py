# SPDX-License-Identifier: GPL-3.0-or-later
"""Small unified kernel images, section by section: nothing that would run."""

import struct

OS_RELEASE = b'ID=made\nPRETTY_NAME="Made for tests 1"\n'


def make_uki(sections, machine=0x8664):
    """`sections`: names and contents, in their order. A name may come again."""
    header, optional = 0x80, 0xF0
    table = header + 24 + optional
    program = bytearray(table + 40 * len(sections))
    program[:2] = b"MZ"
    struct.pack_into("<I", program, 0x3C, header)
    struct.pack_into("<4sHH", program, header, b"PE\0\0", machine, len(sections))
    struct.pack_into("<H", program, header + 20, optional)
    struct.pack_into("<H", program, header + 24, 0x20B)
    struct.pack_into("<I", program, header + 24 + 108, 16)
    for index, (name, content) in enumerate(sections):
        filled = content + bytes(-len(content) % 512)  # as linkers align what they write
        struct.pack_into("<8sIIII", program, table + 40 * index, name.encode(), len(content), 0x1000 * (index + 1),
                         len(filled), len(program))
        program += filled
    return bytes(program)
