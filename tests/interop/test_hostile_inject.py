# SPDX-License-Identifier: GPL-3.0-or-later
"""`image inject` on hostile Windows images: a changed image that wimlib-imagex reads, or one line that
says why not, and nothing left behind."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import threading
import time

import pytest

import hostile_wims

TREE = pathlib.Path(__file__).resolve().parents[2]
BOOTFERRY = pathlib.Path(os.environ.get("BOOTFERRY_BIN", TREE / "build/dev/bootferry"))

pytestmark = pytest.mark.skipif(shutil.which("wimlib-imagex") is None or not BOOTFERRY.is_file(),
                                reason="wimtools make the images, and bootferry changes them")


def inject(name, data, where):
    """What is wrong with how it went, and whether the image was changed."""
    image, out, work = where / name, where / f"{name}.out", where / f"{name}.work"
    image.write_bytes(data)
    work.mkdir()
    begun = time.monotonic()
    done = subprocess.run([BOOTFERRY, "image", "inject", image, "--start", "cmd", "--output", out], capture_output=True, text=True,
                          errors="replace", timeout=120, env={**os.environ, "TMPDIR": str(work)})
    took = time.monotonic() - begun
    lines = [line for line in done.stderr.splitlines() if "Landlock" not in line]
    good = done.returncode == 0 and out.exists() and not lines
    refused = done.returncode == 1 and not out.exists() and len(lines) == 1 and lines[0].startswith("bootferry: ")
    wrong = []
    if not good and not refused:
        wrong.append(f"{name}: ended with {done.returncode}: {done.stderr}")
    if took > 30 or any(work.iterdir()) or list(where.glob(f"{name}.out.*")):
        wrong.append(f"{name}: took {took:.1f} s, left {list(work.iterdir())}")
    if "signal" in done.stderr or "attack" in done.stderr:
        wrong.append(f"{name}: {done.stderr}")
    if good and subprocess.run(["wimlib-imagex", "info", out], capture_output=True).returncode != 0:
        wrong.append(f"{name}: what came of it is no image")
    for path in (image, out):
        path.unlink(missing_ok=True)
    work.rmdir()
    return wrong, good


@pytest.mark.slow
def test_each_is_changed_or_refused(tmp_path):
    room = threading.Semaphore(8)  # of images that are made and wait
    runs = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, data, _ in hostile_wims.attacks(tmp_path / "made"):
            room.acquire()
            runs.append(pool.submit(inject, name, bytes(data), tmp_path))
            runs[-1].add_done_callback(lambda _: room.release())
    results = [run.result() for run in runs]
    wrong = [line for lines, _ in results for line in lines]
    assert not wrong, "\n".join(wrong)
    changed = sum(good for _, good in results)
    assert len(results) >= 200 and 20 <= changed < len(results), (len(results), changed)
