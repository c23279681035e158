# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's TFTP clients and one of our own against the server, byte for byte."""
import shutil
import socket
import subprocess

import pytest
from scapy.layers.tftp import TFTP, TFTP_ERROR, TFTP_OACK, TFTP_RRQ, TFTP_Option, TFTP_Options

import tftp_client
from conftest import LARGE, SIZES, digest

BLOCKS = [8, 512, 1428, 1468]
WINDOWS = [1, 4, 5, 16, 64]


def run(command, **kwargs):
    return subprocess.run([str(part) for part in command], check=True, timeout=120, capture_output=True, **kwargs)


def need(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def in_flight_bound(blksize, windowsize):
    return max(1, min(windowsize, 65536 // blksize))


@pytest.mark.parametrize("windowsize", WINDOWS)
@pytest.mark.parametrize("blksize", BLOCKS)
@pytest.mark.parametrize("size", SIZES)
def test_own_client(server, files, size, blksize, windowsize):
    content, granted, unexpected = tftp_client.fetch(
        server.address, server.port, f"f{size}", blksize=blksize, windowsize=windowsize, tsize=0, timeout=2)
    assert digest(content) == digest(files / f"f{size}")
    want = {"blksize": blksize, "windowsize": in_flight_bound(blksize, windowsize), "timeout": 2, "tsize": size}
    if size == 0:
        del want["tsize"]  # curl calls 0 illegal
    assert granted == want
    assert unexpected == 0


@pytest.mark.parametrize("size", SIZES)
def test_own_client_without_options(server, files, size):
    content, granted, _ = tftp_client.fetch(server.address, server.port, f"f{size}")
    assert digest(content) == digest(files / f"f{size}")
    assert granted == {}


@pytest.mark.parametrize("size", [0, 1, 65463, 65464, 65465, 1_000_000])
def test_largest_block_on_loopback(server, files, size):
    path = files / f"f{size}"
    if not path.exists():
        path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    content, granted, _ = tftp_client.fetch(server.address, server.port, f"f{size}", blksize=65464)
    assert granted == {"blksize": 65464}
    assert digest(content) == digest(path)


@pytest.mark.slow
@pytest.mark.parametrize("windowsize", WINDOWS)
@pytest.mark.parametrize("blksize", [512, 1428, 1468])
@pytest.mark.parametrize("size", LARGE)
def test_large(server, files, size, blksize, windowsize):
    content, _, _ = tftp_client.fetch(server.address, server.port, f"f{size}", blksize=blksize,
                                      windowsize=windowsize)
    assert digest(content) == digest(files / f"f{size}")


@pytest.mark.parametrize("size", SIZES)
def test_tftp_hpa(server, files, tmp_path, size):
    need("tftp")
    run(["tftp", "-m", "binary", server.address, server.port, "-c", "get", f"f{size}"], cwd=tmp_path)
    assert digest(tmp_path / f"f{size}") == digest(files / f"f{size}")


# busybox takes no block size in which its own request would not fit.
@pytest.mark.parametrize("blksize", [64, *BLOCKS[1:]])
@pytest.mark.parametrize("size", SIZES)
def test_busybox(server, files, tmp_path, size, blksize):
    need("busybox")
    run(["busybox", "tftp", "-g", "-b", blksize, "-r", f"f{size}", "-l", "out", server.address, server.port],
        cwd=tmp_path)
    assert digest(tmp_path / "out") == digest(files / f"f{size}")


@pytest.mark.parametrize("blksize", BLOCKS)
@pytest.mark.parametrize("size", SIZES)
def test_curl(server, files, tmp_path, size, blksize):
    need("curl")
    url = f"tftp://{server.address}:{server.port}/f{size}"
    run(["curl", "-s", "--tftp-blksize", blksize, "-o", tmp_path / "out", url])
    (tmp_path / "out").touch()  # curl makes none for an empty file
    assert digest(tmp_path / "out") == digest(files / f"f{size}")


@pytest.mark.parametrize("windowsize", WINDOWS)
@pytest.mark.parametrize("blksize", BLOCKS)
@pytest.mark.parametrize("size", SIZES)
def test_atftp(server, files, tmp_path, size, blksize, windowsize):
    need("atftp")
    run(["atftp", "--option", f"blksize {blksize}", "--option", f"windowsize {windowsize}", "-g", "-r", f"f{size}",
         "-l", "out", server.address, server.port], cwd=tmp_path)
    assert digest(tmp_path / "out") == digest(files / f"f{size}")


@pytest.mark.slow
@pytest.mark.parametrize("size", LARGE)
@pytest.mark.parametrize("client", ["tftp", "busybox", "curl", "atftp"])
def test_block_numbers_wrap_in_other_clients(server, files, tmp_path, client, size):
    need(client)
    name, url = f"f{size}", f"tftp://{server.address}:{server.port}/f{size}"
    run({"tftp": ["tftp", "-m", "binary", server.address, server.port, "-c", "get", name, "out"],
         "busybox": ["busybox", "tftp", "-g", "-b", 512, "-r", name, "-l", "out", server.address, server.port],
         "curl": ["curl", "-s", "--tftp-blksize", 1428, "-o", "out", url],
         "atftp": ["atftp", "--option", "blksize 512", "--option", "windowsize 16", "-g", "-r", name, "-l", "out",
                   server.address, server.port]}[client], cwd=tmp_path)
    assert digest(tmp_path / "out") == digest(files / name)


@pytest.mark.parametrize("options", [{"tsize": "0"}, {"BLKSIZE": "1456"}, {"blksize": "1468", "windowsize": "4"},
                                     {"timeout": "3", "multicast": "", "msftwindow": "31416"}])
def test_scapy_reads_the_oack(server, options):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        asked = TFTP_Options(options=[TFTP_Option(oname=k, value=v) for k, v in options.items()])
        sock.sendto(bytes(TFTP() / TFTP_RRQ(filename="f513", mode="octet") / asked), (server.address, server.port))
        packet, _ = sock.recvfrom(70000)
    oack = TFTP(packet)
    assert TFTP_OACK in oack
    granted = {o.oname.decode(): o.value.decode() for o in oack[TFTP_Options].options}
    want = {k.lower(): "513" if k == "tsize" else v for k, v in options.items() if k not in ("multicast", "msftwindow")}
    assert granted == want


def test_scapy_reads_the_error(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.sendto(bytes(TFTP() / TFTP_RRQ(filename="absent", mode="octet")), (server.address, server.port))
        packet, _ = sock.recvfrom(70000)
    assert TFTP(packet)[TFTP_ERROR].errorcode == 1
