# SPDX-License-Identifier: GPL-3.0-or-later
"""The load generator must notice what servers do wrong, or its figures mean nothing."""
import http.server
import json
import os
import pathlib
import random
import subprocess
import threading

import pytest
from tiny_tftp import TinyTftp

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GENERATOR = os.environ.get("BENCH_LOAD", str(REPOSITORY / "build/dev/bench/bootferry-bench-load"))
CONTENT = random.Random(7).randbytes(100_000)
WRONG_BYTES = 3


@pytest.fixture
def real(tmp_path):
    path = tmp_path / "real"
    path.write_bytes(CONTENT)
    return path


def load(kind, port, real, *flags):
    done = subprocess.run([GENERATOR, kind, "--server", "127.0.0.1", "--port", str(port),
                           "--files", f"file={real}", "--limit-seconds", "20", *map(str, flags)],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def tftp(server, real, *flags):
    return load("tftp", server.port, real, "--retry-ms", 200, *flags)


def corrupted(at):
    wrong = bytearray(CONTENT)
    wrong[at] ^= 1
    return bytes(wrong)


@pytest.mark.parametrize("flags", [
    [], ["--blksize", 1456], ["--blksize", 1456, "--windowsize", 16], ["--blksize", 1000, "--tsize"],
    ["--blksize", 1468, "--windowsize", 4, "--edk2", "--probe"],
    ["--blksize", 1456, "--windowsize", 8, "--think-ms", 1],
    ["--blksize", 1456, "--windowsize", 8, "--loss", 0.02, "--reorder", 0.02, "--duplicate", 0.02, "--seed", 3],
    ["--blksize", 1456, "--loss", 0.03, "--seed", 5],
], ids=lambda flags: " ".join(map(str, flags)) or "no options")
def test_right_bytes(real, flags):
    with TinyTftp(CONTENT) as server:
        code, report, stderr = tftp(server, real, *flags)
    assert (code, report["transfers"], report["wrong_bytes"]) == (0, 1, 0), (report, stderr)
    assert report["bytes"] == len(CONTENT)
    assert (report["lost_by_us"] > 0) == ("--loss" in flags)


@pytest.mark.parametrize("served", [
    pytest.param(corrupted(0), id="first byte"), pytest.param(corrupted(50_000), id="a byte in the middle"),
    pytest.param(corrupted(-1), id="last byte"), pytest.param(CONTENT[:-1], id="one byte short"),
    pytest.param(CONTENT + b"x", id="one byte long"), pytest.param(CONTENT[:1456 * 10], id="short by blocks"),
])
@pytest.mark.parametrize("window", [1, 16])
def test_wrong_bytes_are_found(real, served, window):
    with TinyTftp(served) as server:
        code, report, _ = tftp(server, real, "--blksize", 1456, "--windowsize", window)
    assert (code, report["wrong_bytes"], report["transfers"]) == (WRONG_BYTES, 1, 0)


def test_a_size_that_is_not_the_files_is_refused(real):
    with TinyTftp(CONTENT + b"x") as server:
        _, report, _ = tftp(server, real, "--tsize")
    assert (report["bad_oack"], report["transfers"]) == (1, 0)


def test_a_block_size_larger_than_asked_for_is_refused(real):
    with TinyTftp(CONTENT, "oack-lies") as server:
        _, report, _ = tftp(server, real, "--blksize", 1000)
    assert (report["bad_oack"], report["transfers"]) == (1, 0)


def test_blocks_sent_twice_are_counted(real):
    with TinyTftp(CONTENT, "block-twice") as server:
        code, report, _ = tftp(server, real, "--blksize", 1456, "--windowsize", 4)
    assert (code, report["transfers"]) == (0, 1)
    assert report["duplicates"] > report["blocks"] / 2


def test_an_unheard_request_is_repeated_and_counted(real):
    with TinyTftp(CONTENT, "deaf-once") as server:
        _, report, _ = tftp(server, real, "--blksize", 1456)
    assert (report["transfers"], report["rrq_resent"]) == (1, 1)


def test_blocks_in_reverse_are_not_taken(real):
    with TinyTftp(CONTENT, "swap") as server:
        code, report, _ = tftp(server, real, "--blksize", 1456, "--windowsize", 4)
    assert (code, report["transfers"]) == (0, 1)
    assert report["unexpected"] > 0


def test_nobody_there_fails_and_ends(real):
    code, report, _ = load("tftp", 1, real, "--retry-ms", 20, "--tries", 2)
    assert (code, report["failed"], report["rrq_resent"]) == (0, 1, 2)


def test_the_same_seed_loses_the_same(real):
    """Lock-step: nothing else decides how many packets there are."""
    lost = []
    for _ in range(2):
        with TinyTftp(CONTENT, retry=1) as server:   # a hasty one would send more, on a busy machine
            lost.append(tftp(server, real, "--blksize", 1456, "--loss", 0.02, "--seed", 11, "--retry-ms", 2000)[1])
    assert lost[0]["lost_by_us"] == lost[1]["lost_by_us"] > 0


@pytest.fixture
def web():
    """A web server for one body."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        body = CONTENT

        def do_GET(self):
            self.send_response(200 if self.path == "/file" else 404)
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], Handler
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("flags", [["--count", 3], ["--count", 3, "--one-shot"], ["--count", 3, "--check", "first"]],
                         ids=str)
def test_http_right_bytes(web, real, flags):
    code, report, _ = load("http", web[0], real, "--clients", 4, *flags)
    assert (code, report["transfers"], report["failed"]) == (0, 12, 0)
    checked = 1 if "first" in flags else 12   # of every tenth client
    assert (report["bytes"], report["checked_bytes"]) == (12 * len(CONTENT), checked * len(CONTENT))


@pytest.mark.parametrize("body", [corrupted(99_999), CONTENT[:-1]], ids=["a byte", "short"])
def test_http_wrong_bytes_are_found(web, real, body):
    web[1].body = body
    code, report, _ = load("http", web[0], real)
    assert (code, report["wrong_bytes"], report["transfers"]) == (WRONG_BYTES, 1, 0)


def test_unknown_flags_are_refused(real):
    code, _, stderr = load("tftp", 69, real, "--windowsiz", 4)
    assert code == 2 and "--windowsiz" in stderr
