# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows image as tests make one up: Microsoft's programs may not be copied here, and only their names, their
machines and their octets matter."""
import shutil
import struct
import subprocess


def pe_program(machine):
    program = bytearray(0x400)
    program[0:2] = b"MZ"
    struct.pack_into("<I", program, 0x3C, 0x80)
    program[0x80:0x84] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", program, 0x84, machine, 0, 0, 0, 0, 240, 0x22)
    struct.pack_into("<H", program, 0x98, 0x20B)
    struct.pack_into("<I", program, 0x98 + 108, 16)
    return bytes(program)


FILES = {
    "Boot/PXE/wdsnbp.com": b"wdsnbp" * 700,
    "Boot/PXE/PXEBOOT.com": b"pxeboot asks" * 300,
    "Boot/PXE/pxeboot.n12": b"pxeboot" * 500,
    "Boot/PXE/bootmgr.exe": pe_program(0x14C) + b"manager" * 9000,
    "Boot/EFI/bootmgfw.efi": pe_program(0x8664) + b"manager" * 20000,
    "Boot/EFI/boot.stl": b"trust" * 100,
    "Boot/Fonts/wgl4_boot.ttf": b"letters" * 6000,
    "Boot/Fonts/segmono_boot.ttf": b"more letters" * 5000,
    "Boot/DVD/EFI/boot.sdi": b"a disk made of nothing" * 20000,
    "System32/ntoskrnl.exe": bytes(range(256)) * 4000,
}


def make_wim(directory, without=()):
    """directory/boot.wim; `without` some of FILES."""
    tree = directory / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name, content in FILES.items():
        if name not in without:
            path = tree / "Windows" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    wim = directory / "boot.wim"
    wim.unlink(missing_ok=True)
    subprocess.run(["wimlib-imagex", "capture", tree, wim, "Windows PE", "--boot", "--compress=none",
                    "--image-property", "WINDOWS/ARCH=9", "--image-property", "WINDOWS/PRODUCTNAME=Windows PE"],
                   check=True, capture_output=True)
    return wim
