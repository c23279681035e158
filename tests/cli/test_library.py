# SPDX-License-Identifier: GPL-3.0-or-later
"""image files, verify, gc, export: the content library as people see it."""

import hashlib
import json

from cli_site import MAC, one_line


def stored(site, content):
    name = hashlib.sha256(content).hexdigest()
    return site.state / "library/files" / name[:2] / name


def test_files_and_usage(site):
    site.add("one")
    site.add("two")
    [initrd, kernel] = site.json("image", "files", "one")
    assert initrd == {"name": "initrd.gz", "size": 6, "sha256": hashlib.sha256(b"initrd").hexdigest()}
    assert kernel["name"] == "linux" and kernel["size"] == len(site.kernel.read_bytes())
    assert initrd["sha256"] in site.good("image", "files", "one")
    shown = site.json("image", "show", "one")
    assert shown["own_octets"] == 0 and shown["shared_octets"] == 6 + kernel["size"]
    assert [image["own_octets"] for image in site.json("image", "list")] == [0, 0]
    assert len(site.files()) == 3
    assert "there is no image" in one_line(site.run("image", "files", "none"), 1)


def test_export_gives_back_what_came_in(site):
    site.good("image", "add", "tree", "--tree", site.tree())
    folder = site.directory / "out"
    assert site.json("image", "export", "tree", folder)["files"] == 3
    for path in ("boot/linux", "boot/initrd.gz", "pxelinux.cfg/default"):
        assert (folder / path).read_bytes() == (site.directory / "tree" / path).read_bytes()
    assert "not empty" in one_line(site.run("image", "export", "tree", folder), 1)


def test_damage_is_found_named_and_healed(site):
    site.add()
    site.good("deploy", "debian", "--to", MAC)
    assert site.good("image", "verify").endswith("all whole\n")
    path = stored(site, b"initrd")
    path.chmod(0o640)
    path.write_bytes(b"inird!")
    result = site.run("image", "verify", "debian")
    assert result.returncode == 1
    assert "debian: add it again" in result.stdout and result.stdout.endswith("1 damaged\n")
    assert (site.state / "library/damaged" / path.name).read_bytes() == b"inird!"
    assert site.json("explain", MAC)["reason"] == "image-not-here"
    assert "initrd.gz is gone or damaged" in site.run("check").stdout
    site.add()
    assert json.loads(site.run("image", "verify", "--json").stdout)["damaged"] == []
    assert site.json("explain", MAC)["outcome"] == "boot"


def test_gc_frees_what_nobody_needs(site):
    site.add()
    before = site.files()
    for end in ("", "-wal", "-shm"):
        (site.state / f"bootferry.db{end}").unlink(missing_ok=True)
    site.good("collection", "add", "a-new-database")
    assert site.files() == before
    assert site.json("image", "gc", "--dry-run")["files"] == 3
    assert site.files() == before
    assert site.good("image", "gc").startswith("freed 3 files, ")
    assert site.files() == {}
