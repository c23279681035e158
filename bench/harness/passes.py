# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs of one row, made pass by pass. A pass goes through all rows: where the machine has
slow minutes of its own (a neighbour on the same host), they fall on different rows each time,
and the medians do without them."""
import subprocess
import sys

from . import table
from .measure import one_run, undisturbed
from .network import BenchError


def note(text):
    print(text, file=sys.stderr, flush=True)


class RowRuns:
    def __init__(self, row, allowed):
        self.row, self.error, self.notes = row, None, []
        self.contestants = [c for c in row.contestants() if c.server in allowed]
        self.runs = {c.label: [] for c in self.contestants}

    def run_once(self, site, cast, scale, repetition):
        """The contestants in turn. After an error the row is left alone."""
        if self.error:
            return
        site.pair.segmentation(self.row.offload)
        try:
            for contestant in list(self.contestants):
                self._run(site, cast[contestant.server], contestant, scale, repetition)
        except (BenchError, subprocess.SubprocessError, OSError) as error:
            self.error = str(error)
            note(f"  {self.error}")
        finally:
            site.pair.segmentation(True)

    def _run(self, site, server, contestant, scale, repetition):
        server.extra = contestant.options
        try:
            arguments = self.row.arguments(site, server, scale, repetition)
            def once():
                return one_run(site, server, self.row, arguments, scale.quick)
            taken_away, run = (0.0, once()) if scale.quick else undisturbed(once)
            run["taken_away"] = taken_away
        except BenchError as error:
            if not scale.quick or contestant.server == "bootferry":
                raise
            # Ours is what a quick run is about.
            self.contestants.remove(contestant)
            self.notes.append(f"{contestant.label}: {str(error).splitlines()[0]}")
            return
        self.runs[contestant.label].append(run)
        note(f"  {self.row.key} {repetition + 1}/{max(scale.repetitions, repetition + 1)} {contestant.label}: {brief(run)}")

    def undecided(self):
        return not self.error and "bootferry" in self.runs and table.undecided(self.row, self.runs)

    def result(self):
        """For the table and the JSON; figures of the runs so far."""
        result = {"key": self.row.key, "title": self.row.title, "figures": [], "runs": {}, "notes": []}
        if self.error:
            result["error"] = self.error
        result["figures"] = table.figures(self.row, self.runs)
        result["notes"] = [*self.notes, *troubles(self.runs)]
        result["runs"] = {who: [without_lists(run) for run in theirs] for who, theirs in self.runs.items()}
        return result


def without_lists(run):
    short = {key: value for key, value in run["report"].items() if key not in ("times", "times_apart")}
    return {**run, "report": short}


def brief(run):
    report = run["report"]
    parts = [f"{report[key]:.0f} {unit}" for key, unit in (
        ("mb_per_s", "MB/s"), ("transfers_per_s", "transfers/s"), ("conv_per_s", "conv/s")) if key in report]
    if "cpu_s_per_gb" in run:
        parts.append(f"{run['cpu_s_per_gb']:.2f} s/GB")
    parts += [f"{report[key]} {key}" for key in (
        "failed", "wrong_bytes", "rrq_resent", "duplicates", "lost", "unfinished", "time_outs") if report.get(key)]
    parts.append(f"other load {run['other_load']:.1f}")
    if run.get("taken_away", 0) >= 0.01:
        parts.append(f"{run['taken_away']:.2f} CPUs taken away")
    return ", ".join(parts)


def troubles(runs):
    """What makes a figure doubtful: transfers of ours that failed or did not end."""
    for who, theirs in runs.items():
        for key in ("wrong_bytes", "bad_oack", "bad_status", "failed", "gave_up", "unfinished", "without_file"):
            count = sum(run["report"].get(key, 0) for run in theirs)
            if count:
                yield f"{who}: {count} {key.replace('_', ' ')}"
