# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the seeds of fuzz/iso9660.cc and fuzz/udf.cc: python3 tests/interop/make_disc_corpus.py

They stay small because only sectors that are not empty are kept (fuzz/disc_input.h). Each run
gives others: the images have the time of day in them."""

import pathlib
import struct
import tempfile

import discs
from test_disc_images import HOSTILE, LONG, SECTOR

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "fuzz/corpus"


def keep(image, kind, name):
    data = image.read_bytes()
    out = b""
    for number in range(len(data) // SECTOR):
        sector = data[number * SECTOR:(number + 1) * SECTOR].rstrip(b"\0")
        if sector and number < 4096:
            out += struct.pack("<IH", number, len(sector)) + sector
    (CORPUS / kind).mkdir(parents=True, exist_ok=True)
    (CORPUS / kind / name).write_bytes(out)


def main():
    with tempfile.TemporaryDirectory() as name:
        where = pathlib.Path(name)
        tree = where / "tree"
        for path in ("Sources/boot.wim", "a/b/c/d/e/f/g/h/" + LONG, "file"):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(b"content")
        (tree / "link").symlink_to("file")
        image = where / "image"
        for kind, seed, options, of in (("iso9660", "rock-ridge", ["-R"], tree), ("iso9660", "joliet", ["-J"], tree / "a/b"),
                                        ("iso9660", "plain", [], tree / "Sources"), ("udf", "bridge", ["-R", "-udf"], tree)):
            keep(discs.genisoimage(image, of, "-no-pad", *options), kind, seed)
        for revision, block in (("1.02", 2048), ("1.50", 512), ("2.01", 4096)):
            keep(discs.mkudffs(image, revision, block), "udf", f"empty-{revision}-{block}")
        discs.udf_by_hand(image)
        keep(image, "udf", "by-hand")
        for seed, (make, _) in HOSTILE.items():
            inner = where / seed
            inner.mkdir()
            make(inner / "image")
            keep(inner / "image", "udf" if seed.startswith("udf") else "iso9660", seed)


if __name__ == "__main__":
    main()
