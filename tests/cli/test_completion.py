# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion: what `complete` offers, and that a real bash takes it."""

import shutil
import subprocess

import cli_site
import pytest
from cli_site import MAC, bootferry


def offered(*words):
    result = bootferry("complete", *words)
    assert result.returncode == 0 and result.stderr == ""
    return [line.split("\t")[0] for line in result.stdout.splitlines()]


def test_commands_and_options_come_from_the_tree():
    commands = offered("")
    assert {"serve", "device", "deploy", "dhcp-advice", "completion"} <= set(commands)
    assert "complete" not in commands, "it is for shells"
    assert offered("dev") == ["device"]
    assert set(offered("device", "")) == {"add", "list", "show", "set", "remove", "import"}
    assert "--to" in offered("deploy", "debian", "--t") and "--task-sequence" in offered("deploy", "--t")
    assert "--to" not in offered("deploy", "--to", "all", "--"), "it is given already"
    assert "--mac" in offered("device", "add", "x", "--mac", MAC, "--m"), "it may be given again"
    assert offered("device", "import", "x", "--format", "") == ["csv", "dnsmasq", "isc", "kea", "wds"]
    assert offered("image", "add", "x", "--kernel", "") == [":file"]
    assert offered("image", "add", "x", "--tree", "") == [":folder"]
    assert offered("completion", "") == ["bash", "zsh", "fish"]
    assert offered("nothing", "like", "") == offered("")


def test_every_command_has_a_line_of_help():
    for words in ([], ["device"], ["deploy"], ["pending"]):
        for line in bootferry("complete", *words, "").stdout.splitlines():
            assert "\t" in line or line.startswith(":"), line


def test_names_come_from_the_site(site):
    site.add("debian")
    site.add("debug")
    site.good("collection", "add", "lab")
    site.good("device", "add", "pc-1", "--mac", MAC)
    state = ["--state", site.state]
    assert offered("image", "show", *state, "deb") == ["debian", "debug"]
    assert offered("deploy", *state, "debi") == ["debian"]
    assert offered("deploy", *state, "debian", "--to", "") == ["all", "unknown", "collection:lab", "pc-1"]
    assert offered("deploy", *state, "debian", "--to", "collection:l") == ["collection:lab"]
    assert offered("device", "set", *state, "pc-1", "--join", "") == ["lab"]
    assert offered("device", "show", "--state", site.directory / "none", "") == [], "quiet where nothing is there"
    assert not (site.directory / "none").exists()


def in_bash(line):
    script = f'''
source <({cli_site.program} completion bash)
COMP_LINE="$1" COMP_POINT=${{#1}}
_bootferry
printf '%s\\n' "${{COMPREPLY[@]}}"
'''
    done = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split("\n")[:-1]


def test_bash(site):
    site.add("debian")
    site.good("deploy", "debian", "--to", MAC)
    assert in_bash(f"{cli_site.program} devi") == ["device"]
    assert in_bash(f"{cli_site.program} device import --format d") == ["dnsmasq"]
    assert in_bash(f"{cli_site.program} image show --state {site.state} ") == ["debian"]
    assert in_bash(f"{cli_site.program} deployment show --state {site.state} deb") == [
        r"debian\ to\ 52-54-00-12-34-56"], "blanks are quoted"
    site.good("collection", "add", "lab")
    assert in_bash(f"{cli_site.program} deploy debian --state {site.state} --to collection:l") == ["lab"], (
        "bash itself has taken the word apart at the colon")
    (site.directory / "kernel-x").touch()
    assert in_bash(f"{cli_site.program} image add x --kernel {site.directory}/kern") == [
        f"{site.directory}/kernel-x"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_parse(site, shell):
    script = bootferry("completion", shell).stdout
    assert "complete" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    file = site.directory / "script"
    file.write_text(script)
    assert subprocess.run([shell, "-n", file], capture_output=True).stderr == b""
