# SPDX-License-Identifier: GPL-3.0-or-later
"""image add --draft, image publish, image withdraw: who gets an image, and what explain says where nobody does."""

import hashlib

from cli_site import MAC, one_line


def explained(site):
    return site.json("explain", MAC)


def test_a_draft_is_published_withdrawn_and_published_again(site):
    said = site.good("image", "add", "debian", "--kernel", site.kernel, "--draft")
    assert "bootferry image publish debian" in said
    site.good("deploy", "debian", "--to", MAC)
    assert site.json("image", "show", "debian")["state"] == "draft"
    assert explained(site)["reason"] == "image-not-published"
    assert "is a draft" in site.good("explain", MAC)

    assert site.good("image", "publish", "debian") == "published debian\n"
    assert explained(site)["outcome"] == "boot"
    assert site.json("image", "withdraw", "Debian")["state"] == "withdrawn"
    assert explained(site)["reason"] == "image-not-published"
    assert "was withdrawn" in site.good("explain", MAC)
    site.good("image", "publish", "debian")
    assert [event["verb"] for event in site.json("event", "list") if event["kind"] == "image"] == [
        "created", "published", "withdrawn", "published"]


def test_what_is_so_already_is_no_event(site):
    site.add()
    site.good("image", "publish", "debian")
    assert [event["verb"] for event in site.json("event", "list")] == ["created"]


def test_refusals(site):
    site.add()
    assert "nothing" in one_line(site.run("image", "publish", "nothing"), 1)
    assert "under another name" in site.refused("image", "add", "debian", "--kernel", site.kernel, "--draft")
    assert site.json("image", "show", "debian")["state"] == "published"


def test_an_image_that_is_not_whole_is_not_given_out(site):
    site.add()
    site.good("deploy", "debian", "--to", MAC)
    name = hashlib.sha256(site.kernel.read_bytes()).hexdigest()
    (site.state / "library/files" / name[:2] / name).unlink()
    assert explained(site)["reason"] == "image-not-here"
    assert "not all on this server" in site.good("explain", MAC)
    site.add()
    assert explained(site)["outcome"] == "boot"
