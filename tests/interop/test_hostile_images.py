# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile images by name: each is looked at as the server would, in the limited process. Each
look ends within its limits, by an answer or by one reason, and leaves no file behind."""

import collections
import concurrent.futures
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time

import pytest

import hostile_discs
import hostile_ukis
import hostile_wims
from disc_images import ROOT, Images, both, records, windows_files
from discs import SECTOR
from wims import METADATA, TABLE, XML, Maker, Wim

TREE = pathlib.Path(__file__).resolve().parents[2]
MEMORY, WALL = 256 << 10, 8000  # KiB, milliseconds: the limits of look_at_image
# What may come of an image. None has crashed libwim; one that does would be contained, and named here.
ENDS = {"good", "refused", "out_of_memory", "out_of_time", "too_large"}
SANITIZED = "asan" in os.environ.get("BOOTFERRY_BIN", "") or "tsan" in os.environ.get("BOOTFERRY_BIN", "")

pytestmark = pytest.mark.skipif(any(shutil.which(p) is None for p in ("genisoimage", "mkudffs", "wimlib-imagex")),
                                reason="genisoimage, udftools and wimtools make the images")

Look = collections.namedtuple("Look", "verb end milliseconds peak words")


@pytest.fixture(scope="session")
def look_at_image():
    preset = pathlib.Path(os.environ.get("BOOTFERRY_BIN", "build/dev/bootferry")).parent.name
    found = [p for p in sorted(TREE.glob("build/*/tests/look_at_image")) if SANITIZED <= (p.parts[-3] == preset)]
    if not found:
        pytest.skip("look_at_image is not built (./dev build)")
    return str(found[0])


class Sparse:
    """Octets here and there in a file of any size."""

    def __init__(self, size, pieces):
        self.size, self.pieces = size, pieces

    def write(self, path):
        with open(path, "wb") as file:
            file.truncate(self.size)
            for at, content in self.pieces.items():
                file.seek(at)
                file.write(content)


def sparse_attacks(where):
    """Files of eight terabytes, of which some kilobytes are there."""
    size = 8 << 40
    maker = Maker(where / "wims")
    sound = maker.bytes()
    wim = Wim(sound)
    offset, table_size = wim.part(TABLE)
    table = bytes(wim.data[offset:offset + table_size])
    wim.put(TABLE + 8, size - table_size)
    yield "sparse-wim-table-at-its-end", Sparse(size, {0: bytes(wim.data), size - table_size: table}), "good"
    wim.put(TABLE, size // 2 // 50 * 50, 7)
    wim.put(TABLE + 16, size // 2 // 50 * 50)
    wim.put(TABLE + 8, 1 << 20)
    yield "sparse-wim-table-of-4-TB", Sparse(size, {0: bytes(wim.data)}), None
    wim = Wim(sound)
    for at in (METADATA, wim.metadata_entry()):
        wim.put(at, size // 2, 7)
        wim.put(at + 8, 1 << 20)
        wim.put(at + 16, size // 2)
    yield "sparse-wim-folders-of-4-TB", Sparse(size, {0: bytes(wim.data)}), None
    wim = Wim(sound)
    for at in wim.data_entries():
        wim.put(at, size // 2, 7)
        wim.put(at + 8, 1 << 20)
        wim.put(at + 16, size // 2)
    yield "sparse-wim-files-of-4-TB", Sparse(size, {0: bytes(wim.data)}), "that is no boot file"
    for at in wim.data_entries():
        wim.put(at, 30 << 20, 7)
        wim.put(at + 16, 30 << 20)
    yield "sparse-wim-files-of-30-MB-of-zeros", Sparse(size, {0: bytes(wim.data)}), None
    wim = Wim(sound)
    wim.put(XML, size // 2, 7)
    wim.put(XML + 16, size // 2)
    yield "sparse-wim-xml-of-4-TB", Sparse(size, {0: bytes(wim.data)}), None
    yield "sparse-zeros", Sparse(size, {}), "not a Windows image"
    images = Images(where / "discs")
    data = bytearray(images.of(windows_files(sound), "-R"))
    record = records(data)["/SOURCES/BOOT.WIM"]
    both(data, record + 2, 0xFFFFFFF0)
    yield "sparse-iso-image-at-its-end", Sparse(size, {0: bytes(data), 0xFFFFFFF0 * SECTOR: sound}), "good"
    both(data, ROOT + 2, 0xFFFFFF00)
    yield "sparse-iso-root-of-zeros", Sparse(size, {0: bytes(data)}), None
    bridge = images.of(windows_files(sound), "-udf")
    yield "sparse-udf", Sparse(size, {0: bridge}), "good"
    anchor = bytearray(bridge[256 * SECTOR:257 * SECTOR])
    cleared = bytearray(bridge)
    cleared[256 * SECTOR:257 * SECTOR] = bytes(SECTOR)
    yield "sparse-udf-anchor-at-its-end", Sparse(size, {0: bytes(cleared), size - SECTOR: bytes(anchor)}), "good"
    yield "sparse-udf-no-anchor", Sparse(size, {0: bytes(cleared)}), "no anchor"
    yield "sparse-disc-of-zeros", Sparse(size, {16 * SECTOR: struct.pack("<B5sB", 1, b"CD001", 1)}), None


def all_attacks(where):
    yield from hostile_wims.attacks(where / "wims")
    yield from hostile_discs.attacks(where / "discs")
    yield from hostile_ukis.attacks()
    yield from sparse_attacks(where / "sparse")


class Judge:
    def __init__(self, program, where):
        self.program, self.where = program, where
        self.room = threading.Semaphore(8)  # of images that are made and wait
        self.ends = collections.defaultdict(collections.Counter)
        self.reasons = collections.Counter()
        self.wrong = []
        self.slowest = self.largest = (0, "")

    def look(self, name, data):
        image, out = self.where / name, self.where / f"{name}.out"
        if isinstance(data, Sparse):
            data.write(image)
        else:
            image.write_bytes(data)
        # A sanitizer's memory has no limit, and its allocator ends the process unless told to say no.
        env = {"ASAN_OPTIONS": f"allocator_may_return_null=1:max_allocation_size_mb={MEMORY >> 10}"} if SANITIZED else None
        done = subprocess.run([self.program, str(out), str(image)], capture_output=True, text=True, errors="replace",
                              timeout=120, env=env)
        left = [p for p in out.rglob("*") if not p.is_dir() and not p.is_symlink()] if out.exists() else []
        looks = [Look(*line.split("\t")) for line in done.stdout.splitlines()]
        image.unlink()
        shutil.rmtree(out, ignore_errors=True)
        return done, looks, left

    def take(self, name, data, expected):
        try:
            self.judge(name, expected, *self.look(name, data))
        except Exception as error:  # a thread's own would be lost
            self.wrong.append(f"{name}: {error!r}")
        finally:
            self.room.release()

    def judge(self, name, expected, done, looks, left):
        def wrong(what):
            self.wrong.append(f"{name}: {what}: {[tuple(look) for look in looks]} {done.stderr}")

        # With a sanitizer the process keeps its standard error, and libxml2 has words for it.
        if done.returncode != 0 or (done.stderr and not SANITIZED) or not looks:
            wrong(f"ended with {done.returncode}")
            return
        for look in looks:
            self.ends[name.split("-")[0]][look.end] += 1
            self.reasons[look.words] += 1
            self.slowest = max(self.slowest, (int(look.milliseconds), name))
            self.largest = max(self.largest, (int(look.peak), name))
            if look.end not in ENDS:
                wrong("an end that is not the image's fault")
            if (look.end == "good") != (look.words == "") or len(look.words) > 400 or not look.words.isprintable():
                wrong("no single reason")
            if int(look.milliseconds) > WALL + 2000:
                wrong("took too long")
            if int(look.peak) > MEMORY and not SANITIZED:
                wrong("took too much memory")
        verbs = {look.verb: look.end for look in looks}
        if left and verbs.get("extract") != "good":
            wrong(f"left {left}")
        if verbs.get("extract") == "good" and "inspect" in verbs and verbs["inspect"] != "good":
            wrong("refused, and taken apart all the same")
        said = "good" if all(look.end == "good" for look in looks) else " ".join(look.words for look in looks)
        if expected == "" and said == "good":
            wrong("taken for a sound one")
        if expected and expected not in said:
            wrong(f"should have been «{expected}»")

    def table(self):
        kinds = sorted(self.ends)
        lines = [f"{'':14}" + "".join(f"{kind:>8}" for kind in kinds)]
        for end in sorted({end for counts in self.ends.values() for end in counts}):
            lines.append(f"{end:14}" + "".join(f"{self.ends[kind][end]:8}" for kind in kinds))
        return "\n".join(lines)


def test_each_ends_within_its_limits_with_one_reason_and_no_file(look_at_image, tmp_path, capsys):
    before = time.monotonic()
    judge = Judge(look_at_image, tmp_path)
    names = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, data, expected in all_attacks(tmp_path / "made"):
            judge.room.acquire()
            names.append(name)
            pool.submit(judge.take, name, data, expected)
    with capsys.disabled():
        print(f"\n{len(names)} hostile images in {time.monotonic() - before:.0f} s: looks at them, by how they ended")
        print(judge.table())
        print(f"the slowest {judge.slowest[0]} ms ({judge.slowest[1]}), the largest {judge.largest[0] >> 10} MiB ({judge.largest[1]}), "
              f"{len(judge.reasons) - 1} reasons")
        for reason, count in judge.reasons.most_common() if os.environ.get("BOOTFERRY_REASONS") else ():
            print(f"{count:6} {reason or 'good'}")
    assert len(names) == len(set(names)) >= 300
    assert not judge.wrong, "\n".join(judge.wrong)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made"]
