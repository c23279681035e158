# SPDX-License-Identifier: GPL-3.0-or-later
"""Families of records: add, list, show, set, remove, and what each refuses."""

import json

import pytest
from cli_site import MAC, bootferry, one_line

UUID = "4c4c4544-0042-3510-8052-b4c04f4e3132"


def test_a_device_from_add_to_remove(site):
    site.good("collection", "add", "lab")
    site.good("collection", "add", "office")
    added = site.json("device", "add", "pc-1", "--mac", MAC, "--mac", "52-54-00-12-34-57", "--uuid", UUID,
                      "--collection", "lab", "--var", "DISK=/dev/sda", "--var", "LANG=de")
    assert added["macs"] == [MAC, "52:54:00:12:34:57"] and added["uuid"] == UUID
    assert added["variables"] == {"DISK": "/dev/sda", "LANG": "de"} and added["collections"] == ["lab"]
    for name in ("pc-1", MAC, UUID):
        assert site.json("device", "show", name) == added
    shown = site.good("device", "show", "pc-1")
    assert "52:54:00:12:34:57" in shown and "DISK=/dev/sda" in shown

    changed = site.json("device", "set", "pc-1", "--join", "office", "--unset", "uuid", "--unset", "var.LANG")
    assert sorted(changed["collections"]) == ["lab", "office"] and "uuid" not in changed
    assert changed["variables"] == {"DISK": "/dev/sda"}
    assert site.json("device", "set", "pc-1", "--leave", "lab", "--name", "pc-2")["collections"] == ["office"]

    site.good("device", "add", "other", "--mac", "52:54:00:00:00:01", "--in-state", "rejected")
    assert [d["name"] for d in site.json("device", "list", "--in-state", "rejected")] == ["other"]
    assert [d["name"] for d in site.json("device", "list", "--collection", "office")] == ["pc-2"]
    assert [d["name"] for d in site.json("device", "list", "--search", "12:34")] == ["pc-2"]
    lines = site.good("device", "list").splitlines()
    assert lines[0].split() == ["NAME", "MACS", "STATE", "COLLECTIONS"]
    assert {line.index("approved") if "approved" in line else line.index("rejected") for line in lines[1:]} == {
        lines[0].index("STATE")}, "columns stand under their headings"

    assert site.good("device", "remove", "pc-2") == "removed device pc-2\n"
    assert "pc-2" in one_line(site.run("device", "show", "pc-2"), 1)


@pytest.mark.parametrize("arguments, said", [
    (["device", "add", "x", "--mac", "12:34"], "macs/0"),
    (["device", "add", "x", "--mac", "52:54:00:00:00:01", "--collection", "none"], "collections/0"),
    (["device", "add", "x", "--mac", "52:54:00:00:00:01", "--uuid", "12"], "uuid"),
    (["device", "add", "x", "--mac", MAC], "pc-1"),
    (["device", "add", "PC-1", "--mac", "52:54:00:00:00:01"], "PC-1"),
    (["device", "set", "nobody", "--mac", MAC], "nobody"),
    (["collection", "add", "x", "--rule", "arch = z80"], "rule"),
    (["collection", "set", "lab", "--include", "lab"], "lab"),
    (["collection", "remove", "lab"], "pc-1"),
    (["network", "add", "x", "--subnet", "10.0.0.0/33"], "subnet"),
    (["server", "add", "x", "--address", "here"], "address"),
    (["referral", "add", "x", "--share", "nobody"], "nobody"),
    (["task-sequence", "add", "x", "--image", "none"], "image"),
])
def test_what_is_refused_names_its_field_and_changes_nothing(site, arguments, said):
    site.good("collection", "add", "lab")
    site.good("device", "add", "pc-1", "--mac", MAC, "--collection", "lab")
    before = site.good("export")
    assert said in one_line(site.run(*arguments), 1)
    assert site.good("export") == before


@pytest.mark.parametrize("arguments, said", [
    (["device", "add"], "NAME"),
    (["device", "add", "x", "--var", "K"], "NAME=VALUE"),
    (["device", "set", "x", "--unset", "colour"], "--colour"),
    (["network", "add", "x"], "--subnet"),
    (["network", "add", "x", "--subnet", "10.0.0.0/8", "--answer", "some"], "--answer"),
    (["network", "add", "x", "--subnet", "10.0.0.0/8", "--delay", "soon"], "whole number"),
    (["settings", "set", "menus"], "KEY=VALUE"),
    (["deploy", "x", "--to", "12:34"], "no MAC address"),
    (["explain"], "MACHINE"),
    (["restore", "/x"], "--state"),
    (["completion", "tcsh"], "SHELL"),
])
def test_usage(site, arguments, said):
    assert said in one_line(bootferry(*arguments), 2)


def test_a_collection_shows_its_members(site):
    site.good("collection", "add", "all-of-them", "--rule", "arch x64")
    site.good("collection", "add", "lab", "--exclude", "all-of-them")
    site.good("device", "add", "pc-1", "--mac", MAC, "--collection", "lab")
    shown = site.json("collection", "show", "lab")
    assert shown["members"] == ["pc-1"] and shown["excludes"] == ["all-of-them"]
    assert "pc-1" in site.good("collection", "show", "lab")


def test_networks_servers_referrals_and_task_sequences(site):
    site.add("debian")
    site.good("server", "add", "far", "--address", "10.9.0.2", "--file", "x64=boot/far.efi")
    site.good("server", "add", "near", "--address", "10.9.0.3", "--file", "x64=boot/near.efi")
    referral = site.json("referral", "add", "elsewhere", "--share", "far=3", "--share", "near")
    assert referral["shares"] == [{"server": "far", "weight": 3}, {"server": "near", "weight": 1}]
    network = site.json("network", "add", "branch", "--subnet", "10.1.0.0/16", "--answer", "known",
                        "--add-unknown", "no", "--delay", "4", "--maintenance", "Sat 22:00-Sun 06:00",
                        "--referral", "elsewhere")
    assert network["delay_seconds"] == 4 and network["add_unknown"] is False
    assert "delay_seconds" not in site.json("network", "set", "branch", "--unset", "delay")
    sequence = site.json("task-sequence", "add", "install", "--image", "debian", "--var", "A=1")
    assert sequence["image"] == "debian" and sequence["variables"] == {"A": "1"}
    assert "far=3, near=1" in site.good("referral", "list")
    for kind in ("server", "network", "task-sequence"):
        assert site.json(kind, "list") and site.good(kind, "list").splitlines()[0].startswith("NAME")
    assert "elsewhere" in one_line(site.run("server", "remove", "far"), 1), "it says what uses it"
    site.good("network", "remove", "branch")
    site.good("referral", "remove", "elsewhere")
    site.good("server", "remove", "far")


def test_settings(site):
    before = site.json("settings", "show") if site.state.exists() else None
    assert before is None
    changed = site.json("settings", "set", "add_unknown=yes", "pending.poll_seconds=5", "answer=known",
                        "ignored_macs=02:00:00,52:54:00:00:00:01")
    assert changed["add_unknown"] is True and changed["pending"]["poll_seconds"] == 5
    assert changed["answer"] == "known" and len(changed["ignored_macs"]) == 2
    assert "pending.poll_seconds" in site.good("settings", "show")
    for wrong, said in [("menu=yes", "no setting"), ("menus=maybe", "neither true nor false"),
                        ("pending.polls=many", "whole number"), ("answer=some", "answer"),
                        ("ignored_macs=xx", "ignored_macs")]:
        assert said in one_line(site.run("settings", "set", "delay_seconds=9", wrong), 1)
    assert site.json("settings", "show") == changed, "nothing of a refused change is kept"


def test_an_import_is_all_or_nothing(site):
    site.good("collection", "add", "lab")
    table = site.directory / "machines.csv"
    table.write_text("name,mac\n" + "".join(f"pc-{i},52:54:00:00:{i // 256:02x}:{i % 256:02x}\n" for i in range(1500)))
    assert site.json("device", "import", table, "--dry-run")["created"] == 1500
    assert site.json("device", "list") == []
    assert site.good("device", "import", table, "--collection", "lab").startswith("imported: 1500 new, 0 changed")
    listed = site.json("device", "list")
    assert len(listed) == 1500 and {tuple(d["collections"]) for d in listed} == {("lab",)}, "more than one page"

    table.write_text("name,mac\ngood,52:54:00:99:00:01\nbad,52:54\nworse,\n")
    result = site.run("device", "import", table)
    assert result.returncode == 1 and "line 3" in result.stderr
    assert all(line.startswith("bootferry: ") for line in result.stderr.splitlines())
    assert len(site.json("device", "list")) == 1500

    hosts = "dhcp-host=52:54:00:88:00:01,printer\n"
    assert site.json("device", "import", "-", "--format", "dnsmasq", input=hosts)["created"] == 1
    assert site.json("device", "show", "printer")["macs"] == ["52:54:00:88:00:01"]


def test_programs_have_roles_and_can_be_changed(site):
    file = site.directory / "wdsnbp.com"
    file.write_bytes(b"program")
    added = site.json("program", "add", "--arch", "bios", "--name", "finder", "--role", "detect", file)
    assert added["roles"] == ["detect"] and added["name"] == "finder"
    assert site.json("program", "set", "finder", "--console", "yes")["console"] is True
    assert json.loads(site.good("program", "show", "finder", "--json"))["path"] == added["path"]
