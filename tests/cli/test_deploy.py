# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy, undeploy and deployment: whom it reaches, what is asked first, what is replaced."""

import json
import os
import pty
import subprocess
import threading

import cli_site
from cli_site import MAC, one_line


def test_one_machine_boots_it_at_every_boot_and_the_next_takes_its_place(site):
    site.add("one")
    site.add("two")
    assert site.good("deploy", "one", "--to", MAC) == (
        f"deployed one to {MAC}, at every boot: 1 known machine\n")
    [device] = site.json("device", "list")
    assert device["name"] == "52-54-00-12-34-56" and device["macs"] == [MAC]
    said = site.good("deploy", "two", "--to", MAC)
    assert "in place of «one to 52-54-00-12-34-56»" in said
    [deployment] = site.json("deployment", "list")
    assert deployment["image"] == "two" and deployment["again"] is True and deployment["asks"] is False

    prompted = site.json("deploy", "two", "--to", device["name"], "--prompt")
    assert prompted["purpose"] == "available" and prompted["asks"] is True
    once = site.json("deploy", "two", "--to", MAC, "--required")
    assert once["purpose"] == "required" and once["again"] is False
    site.good("deploy", "one", "--to", MAC, "--name", "beside", "--prompt")
    assert len(site.json("deployment", "list")) == 2

    site.good("undeploy", "beside")
    assert "gets nothing" in site.good("undeploy", MAC)
    assert site.json("deployment", "list") == []
    assert "nothing is deployed to" in one_line(site.run("undeploy", MAC), 1)


def test_a_dry_run_counts_and_changes_nothing(site):
    site.add("debian")
    site.good("collection", "add", "lab")
    for i in range(3):
        site.good("device", "add", f"pc-{i}", "--mac", f"52:54:00:00:00:0{i}", "--collection", "lab")
    before = site.good("export")
    told = site.json("deploy", "debian", "--to", "collection:lab", "--required", "--dry-run")
    assert told["machines"] == 3 and told["unknown"] is False
    assert "3 known machines" in site.good("deploy", "debian", "--to", "collection:lab", "--dry-run")
    assert "any unknown one" in site.good("deploy", "debian", "--to", "unknown", "--dry-run")
    assert "1 known machine" in site.good("deploy", "debian", "--to", MAC, "--dry-run")
    assert site.good("export") == before
    site.good("deploy", "debian", "--to", "collection:lab")
    assert site.json("deploy", "debian", "--to", "collection:lab", "--required", "--dry-run")["machines"] == 3
    assert site.json("deployment", "list")[0]["purpose"] == "available"


def test_what_is_refused_leaves_no_device(site):
    site.add("debian")
    for arguments in (["nothing", "--to", MAC], ["debian", "--to", "collection:none"], ["debian", "--to", "nobody"],
                      ["debian", "--to", MAC, "--program", "none"], ["debian", "--to", MAC, "--from", "soon"]):
        one_line(site.run("deploy", *arguments), 1)
    assert site.json("device", "list") == [] and site.json("deployment", "list") == []


def test_unknown_with_conditions_and_windows(site):
    site.add("debian")
    made = site.json("deploy", "debian", "--to", "unknown", "--condition", "arch x64", "--from",
                     "2026-12-01T08:00:00Z", "--until", "2026-12-02T08:00:00Z", "--order", "7", "--name", "strangers")
    assert made["to"] == "unknown" and made["condition"] and made["order"] == 7
    assert made["from"] == "2026-12-01T08:00:00Z" and made["name"] == "strangers"
    assert site.json("deployment", "disable", "strangers")["enabled"] is False
    assert "no" in site.good("deployment", "show", "strangers")
    assert site.json("deployment", "enable", "strangers")["enabled"] is True
    assert site.json("deployment", "set", "strangers", "--order", "3", "--unset", "until")["order"] == 3
    site.good("deployment", "remove", "strangers")


def on_terminal(site, answer, *arguments):
    """Runs with a terminal on which `answer` is typed; what was said, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([cli_site.program, *map(str, arguments), "--state", site.state], stdin=theirs,
                               stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, answer)
    seen = bytearray()

    def read():
        try:
            while chunk := os.read(ours, 4096):
                seen.extend(chunk)
        except OSError:
            pass
    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=60)
    reader.join()
    os.close(ours)
    return seen.decode(), code


def test_a_terminal_is_asked_before_machines_are_reinstalled(site):
    site.add("debian")
    site.good("collection", "add", "lab")
    said, code = on_terminal(site, b"n\n", "deploy", "debian", "--to", "collection:lab", "--required")
    assert code == 1 and "0 known machines" in said and "[y/N]" in said and "nothing was changed" in said
    said, code = on_terminal(site, b"y\n", "deploy", "debian", "--to", "all")
    assert code == 0 and "every machine" in said and "[y/N]" in said
    said, code = on_terminal(site, b"", "deploy", "debian", "--to", "collection:lab", "--required", "--yes")
    assert code == 0 and "[y/N]" not in said
    said, code = on_terminal(site, b"", "deploy", "debian", "--to", "collection:lab", "--name", "offer")
    assert code == 0 and "[y/N]" not in said, "somebody at the machine chooses it"
    assert len(json.loads(site.good("deployment", "list", "--json"))) == 3
