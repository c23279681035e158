# SPDX-License-Identifier: GPL-3.0-or-later
"""What `image add` takes for a Linux kernel, without there being one."""

import random


def fake_kernel(size=0x1000):
    """The least that a bzImage header says; what follows it is noise, to notice missing bytes."""
    image = bytearray(0x1000) + random.Random(1).randbytes(size - 0x1000)
    image[0x1f1] = 4
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = (0x020f).to_bytes(2, "little")
    image[0x20e:0x210] = (0x300).to_bytes(2, "little")
    image[0x211] = 1
    image[0x236:0x238] = (1).to_bytes(2, "little")
    image[0x238:0x23a] = (2047).to_bytes(2, "little")
    image[0x500:0x50a] = b"6.1.0-test"
    return bytes(image)
