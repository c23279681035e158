#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last whole run of the benchmarks as a page of the documents: docs/benchmarks.md and .svg."""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness.rows import all_rows  # noqa: E402
from harness.table import lines  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
RESULT = REPOSITORY / "build/bench"

PAGE = """# Benchmarks

Bootferry beside the best peer of each row, as `./dev bench` measured it: {commit}, {when}, Linux {kernel}, {cpus} CPUs,
{repetitions} runs each, up to {most} where a floor is near, medians. Other work on the machine took {load} CPUs in the median of all runs, at most {heaviest};
the host took away at most {taken} CPUs.
[How to read it, and how far to trust it](../bench/README.md).

![Times better than the best peer](benchmarks.svg)

```
{table}
```
"""


def main():
    if not (RESULT / "result.json").exists():
        return "there is no result: run ./dev bench first"
    result = json.loads((RESULT / "result.json").read_text())
    about, rows = result["about"], result["rows"]
    if about["quick"] or {row["key"] for row in rows} != {row.key for row in all_rows()}:
        return "the last run was not of the whole table: run ./dev bench without options"
    page = PAGE.format(commit=about["commit"], when=about["when"][:10], kernel=about["kernel"], cpus=about["cpus"],
                       repetitions=about["repetitions"], most=about["most"], load=about["other_load_median"],
                       heaviest=about["other_load_max"], taken=about["taken_away_max"], table="\n".join(lines(rows)))
    (REPOSITORY / "docs/benchmarks.md").write_text(page)
    shutil.copy(RESULT / "result.svg", REPOSITORY / "docs/benchmarks.svg")
    print("written: docs/benchmarks.md, docs/benchmarks.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
