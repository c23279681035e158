# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs -> figures with ratios and verdicts -> the table."""
import math
import statistics


def figures(row, runs):
    """runs: {contestant: [run]}. A list of dictionaries, one a metric."""
    ours = "bootferry"
    out = []
    for metric in row.metrics:
        values = {who: metric.of(theirs) for who, theirs in runs.items() if theirs}
        own = values.get(ours)
        peers = {who: v for who, v in values.items() if who != ours and v is not None}
        best = (max if metric.better == "high" else min)(peers, key=peers.get, default=None)
        ratio = ratio_of(metric, own, peers[best], runs[ours], runs[best]) if own is not None and best else None
        judged = own if metric.versus == "value" else ratio
        out.append({"key": metric.key, "label": metric.label, "unit": metric.unit, "versus": metric.versus,
                    "better": metric.better, "values": values, "best_peer": best, "ratio": ratio,
                    "floor": metric.floor, "aim": metric.aim, "verdict": verdict(metric, judged)})
    return out


def quotient(metric, mine, theirs):
    if mine is None or theirs is None:
        return None
    top, bottom = (theirs, mine) if metric.versus == "faster" else (mine, theirs)
    return top / bottom if bottom else None


def ratios_of_passes(metric, own_runs, peers_runs):
    """Runs of one pass were made within seconds of each other, those of two passes minutes apart:
    where the machine is slower for a while, a pass's two runs are, and their ratio holds."""
    if not metric.paired or len(own_runs) != len(peers_runs):
        return []
    ratios = [quotient(metric, metric.of([mine]), metric.of([theirs])) for mine, theirs in zip(own_runs, peers_runs)]
    return [] if None in ratios else ratios


def ratio_of(metric, own, peers, own_runs, peers_runs):
    ratios = ratios_of_passes(metric, own_runs, peers_runs)
    return statistics.median(ratios) if ratios else quotient(metric, own, peers)


def interval(values):
    """Where the median is in nine cases of ten, by the binomial distribution; of few values all of them."""
    ordered, n = sorted(values), len(values)
    out = max(0, math.floor((n - 1.645 * math.sqrt(n)) / 2))
    return ordered[out], ordered[-1 - out]


def undecided(row, runs):
    """Whether one of the row's floors lies where the passes so far leave its ratio."""
    for figure, metric in zip(figures(row, runs), row.metrics):
        if metric.floor is None or metric.versus == "value" or figure["best_peer"] is None:
            continue
        ratios = ratios_of_passes(metric, runs["bootferry"], runs[figure["best_peer"]])
        if ratios and interval(ratios)[0] < metric.floor < interval(ratios)[1]:
            return True
    return False


def verdict(metric, judged):
    """aim, floor, BELOW; ? when it could not be judged; nothing when there is no floor."""
    if metric.floor is None:
        return ""
    if judged is None:
        return "?"
    # «Times faster» is more the better, whatever the figure itself is.
    more = metric.versus == "faster" or metric.better == "high"
    def holds(limit):
        return judged >= limit if more else judged <= limit
    return "aim" if holds(metric.aim) else "floor" if holds(metric.floor) else "BELOW"


def number(value, unit=""):
    if value is None:
        return "-"
    if value != 0 and abs(value) < 0.1:
        text = f"{value:.3f}"
    else:
        text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
    return f"{text} {unit}".rstrip() if not unit.startswith("/") else text + unit


def limit(figure, which):
    value = figure[which]
    if value is None:
        return ""
    more = figure["versus"] == "faster" or figure["better"] == "high"
    unit = figure["unit"] if figure["versus"] == "value" else "x"
    text = f"{value:g}" + ("" if unit in ("", "x", "%") else " ") + unit
    return (">= " if more else "<= ") + text if value else f"{value:g}"


HEAD = ("", "Bootferry", "best peer", "", "ratio", "floor", "aim", "")


def lines(results):
    """The table's lines, aligned."""
    cells = [HEAD]
    for result in results:
        cells.append((result["title"],) + ("",) * 7)
        if result.get("error"):
            cells.append(("  FAILED: " + result["error"].splitlines()[0],) + ("",) * 7)
        for f in result["figures"]:
            best = f["best_peer"]
            cells.append(("  " + f["label"], number(f["values"].get("bootferry"), f["unit"]),
                          number(f["values"].get(best), f["unit"]) if best else "", best or "",
                          f"{number(f['ratio'])}x" if f["ratio"] is not None and f["versus"] != "value" else "",
                          limit(f, "floor"), limit(f, "aim"), f["verdict"]))
        for note in result.get("notes", ()):
            cells.append(("  ! " + note,) + ("",) * 7)
    wide = [max((len(row[i]) for row in cells if i or any(row[1:])), default=0) for i in range(8)]
    for row in cells:
        first = row[0].ljust(wide[0])
        rest = [row[1].rjust(wide[1]), row[2].rjust(wide[2]), row[3].ljust(wide[3]), row[4].rjust(wide[4]),
                row[5].rjust(wide[5]), row[6].rjust(wide[6]), row[7]]
        yield "  ".join([first, *rest]).rstrip()
