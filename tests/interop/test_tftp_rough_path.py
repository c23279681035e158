# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams that come twice and out of order, and none lost: no reason to wait for anything."""
import time

import pytest

import tftp_client
from conftest import digest
from rough_path import RoughPath

PATIENCE = 3.0   # of the client: had it to wait once, the transfer took longer than that
SIZE = 1_000_000
# Blocks sent for each that is needed, at most: behind a gap all that follows goes again.
MOST = {1: 1.05, 4: 1.25, 16: 1.6, 64: 5}


@pytest.mark.parametrize("habit", ["strict", "edk2"])
@pytest.mark.parametrize("windowsize", [1, 4, 16, 64])
def test_doubled_and_reordered(server, files, windowsize, habit):
    blksize = 1024
    client = f"127.0.{windowsize}.{1 if habit == 'strict' else 2}"
    with RoughPath((server.address, server.port), windowsize, client) as path:
        began = time.monotonic()
        content, granted, _ = tftp_client.fetch(*path.address, f"f{SIZE}", habit=habit, patience=PATIENCE,
                                                blksize=blksize, windowsize=windowsize)
        took = time.monotonic() - began
    assert digest(content) == digest(files / f"f{SIZE}")
    assert granted["windowsize"] == windowsize
    needed = SIZE // blksize + 1
    assert took < PATIENCE
    assert 1 <= path.blocks / needed <= MOST[windowsize]
