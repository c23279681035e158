# SPDX-License-Identifier: GPL-3.0-or-later
"""The goldens named scapy-* hold what scapy encodes, not what our encoder once wrote."""

from pathlib import Path

import pytest

pytest.importorskip("scapy", reason="python3-scapy is the independent encoder")

import make_scapy_goldens as goldens  # noqa: E402

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", goldens.CASES)
def test_octets_are_scapys(name):
    _, packets = goldens.CASES[name]
    assert [octets for octets, _ in goldens.read(HERE / name)] == [octets for _, octets in packets]


def test_every_scapy_file_has_its_case():
    assert {str(p.relative_to(HERE)) for p in HERE.glob("*/scapy-*.txt")} == set(goldens.CASES)


@pytest.mark.parametrize("path", sorted(HERE.glob("dhcp4/*.txt")), ids=lambda p: p.name)
def test_scapy_reads_the_same_option_codes(path):
    """The expected text lists the codes that scapy finds, in this order (82 last, split ones once)."""
    from scapy.layers.dhcp import BOOTP, DHCP
    for octets, text in goldens.read(path):
        ours = [int(line.split()[0].rstrip(":")) for line in text.splitlines()
                if line[0].isdigit() and "." not in line.split()[0]]
        theirs = []
        raw = bytes(BOOTP(octets)[DHCP].original)
        while raw and raw[0] != 255:
            if raw[0] == 0:
                raw = raw[1:]
                continue
            if raw[0] not in theirs and raw[0] != 52:
                theirs.append(raw[0])
            raw = raw[2 + raw[1]:]
        theirs.sort(key=lambda code: code == 82)
        # What an overloaded file or sname adds comes behind.
        assert ours[:len(theirs)] == theirs
