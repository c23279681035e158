# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may fail in a run of the benchmarks, and what becomes of the row then."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from harness import passes  # noqa: E402
from harness.network import BenchError  # noqa: E402
from harness.rows import Metric, Row, Scale  # noqa: E402


class Site:
    class pair:
        @staticmethod
        def segmentation(_):
            pass


class Server:
    extra = {}


def measured(monkeypatch, failing, quick):
    row = Row("r", "r", lambda *_: [], [Metric("rate", "rate", "", lambda runs: len(runs))], peers=("a", "b"))
    cast = {name: Server() for name in ("bootferry", "a", "b")}

    def one_run(_site, server, *_):
        if server is cast[failing]:
            raise BenchError("it does not serve tftp; its log ends:\nno")
        return {"report": {}, "other_load": 0.0}
    monkeypatch.setattr(passes, "one_run", one_run)
    runs = passes.RowRuns(row, set(cast))
    for repetition in range(2):
        runs.run_once(Site(), cast, Scale(quick, 2, 2), repetition)
    return runs.result()


def test_a_quick_run_goes_on_without_a_peer_that_fails(monkeypatch):
    result = measured(monkeypatch, "a", quick=True)
    assert "error" not in result
    assert {who: len(runs) for who, runs in result["runs"].items()} == {"bootferry": 2, "a": 0, "b": 2}
    assert result["notes"] == ["a: it does not serve tftp; its log ends:"]


@pytest.mark.parametrize("failing, quick", [("bootferry", True), ("bootferry", False), ("a", False)])
def test_else_the_row_is_not_measured(monkeypatch, failing, quick):
    assert measured(monkeypatch, failing, quick)["error"].startswith("it does not serve tftp")
