# SPDX-License-Identifier: GPL-3.0-or-later
"""The model as text, the database as a file, and decisions in words."""

import shutil

from cli_site import MAC, bootferry, one_line


def fill(site):
    site.add("debian")
    site.good("collection", "add", "lab", "--rule", "arch x64")
    site.good("device", "add", "pc-1", "--mac", MAC, "--collection", "lab")
    site.good("deploy", "debian", "--to", "collection:lab", "--required", "--name", "install")


def test_export_and_apply(site):
    fill(site)
    text = site.good("export")
    file = site.directory / "model.json"
    assert site.good("export", file) == "" and file.read_text() == text
    assert "nothing to do" in site.good("apply", file)

    file.write_text(text.replace('"pc-1"', '"pc-9"'))
    assert "~ device pc-9" in site.good("apply", file, "--diff") or "+ device pc-9" in site.good("apply", file, "--diff")
    assert site.good("export") == text, "--diff changes nothing"
    assert "applied" in site.good("apply", file)
    assert [d["name"] for d in site.json("device", "list")] == ["pc-9"]

    one_device = '{"format":"bootferry-model-1","devices":[\n{"name":"new","macs":["52:54:00:00:00:77"]}\n]}\n'
    plan = site.json("apply", "-", "--keep", "--diff", input=one_device)
    assert [r["name"] for r in plan["create"]] == ["new"] and plan["remove"] == []
    site.good("apply", "-", "--keep", input=one_device)
    assert {d["name"] for d in site.json("device", "list")} == {"pc-9", "new"}
    site.good("apply", file, "--yes")
    assert site.good("export").replace('"pc-9"', '"pc-1"') == text

    for wrong, said in [("{", "line 1"), ('{"format":"other"}', "format"), ("[]", "")]:
        assert said in one_line(site.run("apply", "-", input=wrong), 1)
    one_line(site.run("apply", site.directory / "none"), 1)


def test_a_text_moves_to_another_server(site):
    fill(site)
    site.good("device", "set", "pc-1", "--var", "K=ä \"quoted\"")
    text = site.good("export")
    other = type(site)(site.directory)
    other.state = site.directory / "other"
    other.add("debian")
    other.good("apply", "-", input=text)
    assert other.good("export") == text


def test_backup_and_restore(site):
    fill(site)
    copy = site.directory / "copy.db"
    assert "wrote" in site.good("backup", copy)
    assert "there already" in one_line(site.run("backup", copy), 1)
    before = site.good("export")
    site.good("device", "remove", "pc-1")
    later = site.good("export")

    for name, content, said in [("empty", b"", "is no database"), ("text", b"x" * 4096, "is no database"),
                                ("cut", copy.read_bytes()[:8192], ""), ("gone", None, "No such file")]:
        wrong = site.directory / name
        if content is not None:
            wrong.write_bytes(content)
        assert said in one_line(bootferry("restore", wrong, "--state", site.state), 1)
        assert site.good("export") == later
    said = bootferry("restore", copy, "--state", site.state)
    assert said.returncode == 0 and "the database before is" in said.stdout, said.stderr
    assert site.good("export") == before
    [kept] = [p for p in site.state.glob("bootferry.db.before-restore-*") if not p.name.endswith(("-wal", "-shm"))]

    assert bootferry("restore", kept, "--state", site.state).returncode == 0
    assert site.good("export") == later
    shutil.rmtree(site.state)
    assert bootferry("restore", copy, "--state", site.state).returncode == 0
    assert site.json("device", "list")[0]["name"] == "pc-1"
    assert not list(site.state.glob("*.restoring*"))


def test_restore_says_which_images_are_missing(site):
    fill(site)
    site.good("backup", site.directory / "copy.db")
    shutil.rmtree(site.state)
    result = bootferry("restore", site.directory / "copy.db", "--state", site.state)
    assert result.returncode == 0 and "debian" in result.stderr


def test_explain(site):
    fill(site)
    told = site.json("explain", MAC, "--arch", "x64", "--firmware", "uefi")
    assert told["outcome"] == "boot" and told["deployment"] == "install"
    assert any(step.get("subject", {}).get("name") == "install" for step in told["considered"])
    assert "install" in site.good("explain", "pc-1", "--arch", "x64")
    stranger = site.json("explain", "52:54:00:00:00:99")
    assert stranger["outcome"] != "boot" and stranger["reason"]
    assert "nobody" in one_line(site.run("explain", "nobody"), 1)
    one_line(site.run("explain", MAC, "--relay", "here"), 1)
    one_line(site.run("explain", MAC, "--at", "soon"), 1)


def test_explain_diff_names_machines_that_would_boot_otherwise(site):
    site.add("debian")
    site.good("deploy", "debian", "--to", MAC)
    site.good("device", "add", "other", "--mac", "52:54:00:00:00:01")
    file = site.directory / "model.json"
    site.good("export", file)
    assert site.json("explain", "--diff", file)["machines"] == []
    file.write_text(file.read_text().replace('"purpose": "required"', '"purpose": "required", "enabled": false'))
    [machine] = site.json("explain", "--diff", file)["machines"]
    assert machine["device"] == "52-54-00-12-34-56" and "debian" in machine["now"]
    assert "1 of 2 devices would boot otherwise" in site.good("explain", "--diff", file)


def test_events_tell_who_changed_what(site):
    fill(site)
    site.good("device", "remove", "pc-1")
    events = site.json("event", "list")
    assert [e["id"] for e in events] == sorted(e["id"] for e in events)
    assert events[-1]["verb"] == "removed" and events[-1]["name"] == "pc-1"
    assert len(site.json("event", "list", "--limit", "2")) == 2
    assert {e["kind"] for e in site.json("event", "list", "--kind", "device")} == {"device"}
    assert site.good("event", "list").splitlines()[0].split() == ["WHEN", "WHO", "WHAT", "KIND", "NAME"]
