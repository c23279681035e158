# SPDX-License-Identifier: GPL-3.0-or-later
"""Small Windows images and disc images, by wimlib-imagex and genisoimage."""

import shutil
import struct
import subprocess

PROPERTIES = {
    "WINDOWS/ARCH": "9",
    "WINDOWS/PRODUCTNAME": "Microsoft Windows Operating System",
    "WINDOWS/VERSION/MAJOR": "10",
    "WINDOWS/VERSION/MINOR": "0",
    "WINDOWS/VERSION/BUILD": "26100",
    "WINDOWS/LANGUAGES/LANGUAGE": "en-US",
    "WINDOWS/LANGUAGES/DEFAULT": "en-US",
    "WINDOWS/SYSTEMROOT": "WINDOWS",
}


def pe_program(machine):
    program = bytearray(1024)
    program[:2] = b"MZ"
    struct.pack_into("<I", program, 0x3C, 0x80)
    struct.pack_into("<4sH", program, 0x80, b"PE\0\0", machine)
    struct.pack_into("<H", program, 0x98, 0x20B)
    struct.pack_into("<I", program, 0x98 + 108, 16)
    return bytes(program)


FILES = {
    "Boot/PXE/wdsnbp.com": b"wdsnbp",
    "Boot/PXE/pxeboot.n12": b"pxeboot",
    "Boot/PXE/BOOTMGR.EXE": pe_program(0x14C),
    "Boot/EFI/bootmgfw.efi": pe_program(0x8664),
    "Boot/Fonts/wgl4_boot.ttf": b"letters",
    "Boot/DVD/EFI/boot.sdi": b"a disk",
}


def make_wim(folder, *options, files=FILES, without=()):
    """folder/boot.wim, with `files` below Windows but those `without`."""
    for name, content in files.items():
        path = folder / "tree/Windows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name not in without:
            path.write_bytes(content)
    image = folder / "boot.wim"
    image.unlink(missing_ok=True)
    properties = [word for name, value in PROPERTIES.items() for word in ("--image-property", f"{name}={value}")]
    subprocess.run(
        ["wimlib-imagex", "capture", folder / "tree", image, "Windows PE", "for tests", "--boot", *properties] + list(options),
        check=True,
        capture_output=True,
    )
    shutil.rmtree(folder / "tree")
    return image


def make_disc(folder, files, *options):
    """A disc image by genisoimage, of contents or of files by name."""
    tree = folder / "disc"
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
    image = folder / "disc.iso"
    subprocess.run(["genisoimage", "-quiet", "-V", "MEDIA", *options, "-o", image, tree], check=True, capture_output=True)
    shutil.rmtree(tree)
    return image
