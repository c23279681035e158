# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios and verdicts of the benchmarks' table."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from harness import plot, table  # noqa: E402
from harness.rows import Metric, Row, all_rows, duplicates, pooled  # noqa: E402


def figure(ours, theirs, versus="ratio", better="high", floor=1.0, aim=2.0):
    metric = Metric("m", "m", "s", lambda runs: runs[0], versus, better, floor, aim)
    row = Row("r", "r", None, [metric])
    runs = {"bootferry": [ours], **{name: [value] for name, value in theirs.items()}}
    return table.figures(row, runs)[0]


@pytest.mark.parametrize("name, given, best, ratio, verdict", [
    ("more is better", dict(ours=30, theirs={"a": 10, "b": 15}), "b", 2.0, "aim"),
    ("between floor and aim", dict(ours=15, theirs={"a": 10}), "a", 1.5, "floor"),
    ("below", dict(ours=9, theirs={"a": 10}), "a", 0.9, "BELOW"),
    ("less is better", dict(ours=3, theirs={"a": 10, "b": 12}, better="low", floor=0.5, aim=0.2), "a", 0.3, "floor"),
    ("times faster", dict(ours=2, theirs={"a": 10, "b": 8}, versus="faster", better="low", floor=4, aim=15),
     "b", 4.0, "floor"),
    ("a value alone", dict(ours=0, theirs={"a": 7}, versus="value", better="low", floor=0, aim=0), "a", 0.0, "aim"),
    ("nobody to compare with", dict(ours=3, theirs={}), None, None, "?"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_verdict(name, given, best, ratio, verdict):
    got = figure(**given)
    assert (got["best_peer"], got["verdict"]) == (best, verdict)
    assert got["ratio"] == (pytest.approx(ratio) if ratio is not None else None)


def test_a_ratio_is_the_median_of_the_passes_own():
    """One slow pass of three, slow for both, says nothing about either."""
    metric = Metric("m", "m", "s", lambda runs: sorted(runs)[len(runs) // 2], floor=1.15, aim=2)
    runs = {"bootferry": [300, 60, 240], "a": [250, 50, 220]}
    got = table.figures(Row("r", "r", None, [metric]), runs)[0]
    assert (got["values"], got["ratio"], got["verdict"]) == ({"bootferry": 240, "a": 220}, 1.2, "floor")
    metric.paired = False
    assert table.figures(Row("r", "r", None, [metric]), runs)[0]["ratio"] == pytest.approx(240 / 220)


@pytest.mark.parametrize("ratios, left_open", [
    ([1.3, 1.2, 1.4, 1.25, 1.3], False),
    ([1.3, 1.2, 1.4, 0.9, 1.3], True),          # of five, each may be the median's neighbour
    ([0.9, 0.8, 0.95, 0.7, 0.9], False),
    ([1.3] * 15 + [0.9] * 2, False),
    ([1.3] * 9 + [0.9] * 8, True)])
def test_a_floor_within_what_the_passes_leave_is_measured_further(ratios, left_open):
    metric = Metric("m", "m", "s", lambda runs: runs[0], floor=1.15, aim=2)
    runs = {"bootferry": ratios, "a": [1] * len(ratios)}
    assert table.undecided(Row("r", "r", None, [metric]), runs) == left_open


def test_pooled_percentile_goes_over_all_runs():
    runs = [{"report": {"times": [1.0] * 95}}, {"report": {"times": [9.0] * 5}}]
    assert (pooled(0.95)(runs), pooled(0.96)(runs)) == (1.0, 9.0)


def test_duplicates_are_a_share_of_the_blocks():
    runs = [{"report": {"duplicates": d, "blocks": b}} for d, b in ((3, 100), (0, 200))]
    assert duplicates(runs) == 1


def test_rows_have_names_of_their_own():
    keys = [row.key for row in all_rows()]
    assert len(keys) == len(set(keys))


def test_a_row_that_was_not_measured_is_shown_and_drawn():
    results = [{"key": "x", "title": "X", "error": "it does not serve tftp\nits log", "figures": [], "notes": []},
               {"key": "y", "title": "Y", "figures": [figure(30, {"a": 10})], "notes": ["bootferry: 1 failed"]}]
    text = "\n".join(table.lines(results))
    assert "FAILED: it does not serve tftp" in text and "its log" not in text and "3.00x" in text and "! bootferry: 1 failed" in text
    assert plot.svg(results, "<now>").count("<rect") == 2
