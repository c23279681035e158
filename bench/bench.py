#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bootferry against in.tftpd, dnsmasq, atftpd and nginx: the table, reproducibly.

Everything happens between two network namespaces that this program makes and removes.
bench/README.md tells how to read the figures and how far to trust them.

Exit code: 0 every floor of what was asked for was met (with --quick: every row ran, no wrong byte),
1 a floor was not, 2 a row could not be measured, 3 a byte was wrong.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import plot, servers, table  # noqa: E402
from harness.network import BenchError  # noqa: E402
from harness.passes import RowRuns  # noqa: E402
from harness.rows import Scale, all_rows  # noqa: E402
from harness.site import Site, fetch_atftpd  # noqa: E402

OUT = servers.REPOSITORY / "build/bench"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short run each: does it work, are the bytes right")
    parser.add_argument("--only", metavar="ROW[,ROW]", help="these rows: " + ", ".join(r.key for r in all_rows()))
    parser.add_argument("--repetitions", type=int, metavar="N", help="runs of each (default 5, quick 1)")
    parser.add_argument("--most", type=int, metavar="N", help="runs of a row whose floor is near (default 4 times as many)")
    parser.add_argument("--servers", metavar="A[,B]", help="only these: " + ", ".join(servers.ALL))
    options = parser.parse_args()
    keys = {row.key for row in all_rows()}
    if options.only and (unknown := set(options.only.split(",")) - keys):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if options.servers and (unknown := set(options.servers.split(",")) - set(servers.ALL)):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    return options


def judge(results, complete):
    """Whether every floor was met; what was not measured was not met."""
    met = complete
    for result in results:
        verdicts = [f["verdict"] for f in result["figures"]]
        ours = [n for n in result["notes"] if n.startswith("bootferry:")]
        if result.get("error") or "BELOW" in verdicts or "?" in verdicts or ours:
            met = False
    return met


def commit():
    done = subprocess.run(["git", "-C", servers.REPOSITORY, "-c", f"safe.directory={servers.REPOSITORY}",
                           "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "?"


def write(results, site, scale, options, accounting):
    loads = [run["other_load"] for r in results for theirs in r["runs"].values() for run in theirs]
    about = {"commit": commit(), "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
             "kernel": platform.release(), "cpus": os.cpu_count(), "quick": scale.quick,
             "repetitions": scale.repetitions, "most": scale.most, "accounting": accounting,
             "other_load_median": round(statistics.median(loads), 2) if loads else None,
             "other_load_max": round(max(loads), 2) if loads else None,
             "taken_away_max": round(max((run["taken_away"] for r in results for theirs in r["runs"].values()
                                          for run in theirs), default=0), 2)}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "result.json").write_text(json.dumps({"about": about, "rows": results}, indent=1) + "\n")
    caption = (f"{about['commit']}, {about['when'][:10]}, {about['cpus']} CPUs, Linux {about['kernel']}, "
               f"{'quick run, ' if scale.quick else ''}{scale.repetitions} runs each")
    (OUT / "result.svg").write_text(plot.svg(results, caption))
    return about


def main():
    options = parse()
    if os.geteuid():
        sys.exit("the benchmarks need root: they make network namespaces")
    # Ended like Ctrl-C: servers, namespaces and files are removed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    repetitions = max(1, options.repetitions or (1 if options.quick else 5))
    scale = Scale(options.quick, repetitions, max(repetitions, options.most or (1 if options.quick else 4 * repetitions)))
    allowed = set(options.servers.split(",")) if options.servers else set(servers.ALL)
    rows = [row for row in all_rows() if not options.only or row.key in options.only.split(",")]
    needed = {c.server for row in rows for c in row.contestants()} & allowed
    absent = []   # peers that this machine does not have: their columns are empty
    for name, program in (("dnsmasq", "dnsmasq"), ("in.tftpd", "in.tftpd"), ("nginx", "nginx")):
        if name in needed and not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            if not options.quick:
                sys.exit(f"{program} is not installed: ./dev setup")
            absent.append(f"{name}: not installed")
            allowed, needed = allowed - {name}, needed - {name}

    marker = OUT / "all-floors-met"
    marker.unlink(missing_ok=True)
    results = []
    with Site() as site:
        if "atftpd" in needed:
            try:
                site.atftpd = fetch_atftpd()
            except (BenchError, subprocess.SubprocessError) as error:
                # Without the net the other rows are still worth having; its own have no peer then.
                absent.append(f"atftpd: {str(error).splitlines()[0]}")
                allowed, needed = allowed - {"atftpd"}, needed - {"atftpd"}
        cast = {name: servers.ALL[name](site) for name in needed}
        if "bootferry" in cast:
            cast["bootferry"].prepare()
        accounting = servers.Account()
        how = accounting.how
        accounting.close()
        measured = [RowRuns(row, allowed) for row in rows]
        for repetition in range(scale.repetitions):
            for each in measured:
                each.run_once(site, cast, scale, repetition)
            results = [each.result() for each in measured]
            about = write(results, site, scale, options, how)
        for repetition in range(scale.repetitions, scale.most):
            for each in [row for row in measured if row.undecided()]:
                each.run_once(site, cast, scale, repetition)
            results = [each.result() for each in measured]
            about = write(results, site, scale, options, how)
        wrong = site.wrong_bytes
    complete = not (options.quick or options.only or options.servers) and len(results) == len(rows)
    met = judge(results, True)
    print("\n".join(table.lines(results)))
    for peer in absent:
        print(f"! without {peer}")
    print(f"\n{about['commit']}, Linux {about['kernel']}, {about['cpus']} CPUs, {about['repetitions']} runs each, "
          f"up to {about['most']} where a floor is near, medians; CPU by {how}; other load on the machine: median {about['other_load_median']} CPUs, "
          f"at most {about['other_load_max']}; CPUs that the host took away: at most {about['taken_away_max']}")
    if wrong:
        print("WRONG BYTES:\n  " + "\n  ".join(what[:160] for what in wrong))
        return 3
    if any("error" in r for r in results):
        return 2
    if options.quick:
        return 0
    if met and complete:
        marker.touch()
    return 0 if met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BenchError as error:
        sys.exit(f"bench: {error}")
