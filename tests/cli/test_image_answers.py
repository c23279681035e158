# SPDX-License-Identifier: GPL-3.0-or-later
"""image add --answer: templates that belong to an image, what is refused in them, and who is warned."""

import pytest

from cli_site import MAC


@pytest.fixture
def answer(site):
    def write(name, text):
        path = site.directory / name
        path.write_text(text)
        return f"{name}={path}"
    return write


def add(site, *answers, cmdline=None, more=()):
    options = [word for each in answers for word in ("--answer", each)]
    if cmdline is not None:
        options += ["--cmdline", cmdline]
    return site.run("image", "add", "debian", "--kernel", site.kernel, *options, *more)


def test_they_belong_to_the_image(site, answer, tmp_path):
    added = add(site, answer("preseed.cfg", "d-i x string {name}\n"), answer("late.sh", "echo ${HOME}\n"),
                cmdline="url={answer:preseed.cfg}")
    assert added.returncode == 0 and added.stderr == ""
    shown = site.json("image", "show", "debian")
    assert shown["answers"] == ["late.sh", "preseed.cfg"]
    assert shown["command_line"] == "url={answer:preseed.cfg}"
    assert "preseed.cfg" in site.good("image", "show", "debian")
    files = {file["name"] for file in site.json("image", "files", "debian")}
    assert files == {".bootferry/answers/late.sh", ".bootferry/answers/preseed.cfg", site.kernel.name}
    site.good("image", "export", "debian", tmp_path / "out")
    assert (tmp_path / "out/.bootferry/answers/preseed.cfg").read_text() == "d-i x string {name}\n"
    site.good("image", "verify", "debian")
    # The same name again replaces all of it.
    assert add(site).returncode == 0
    assert site.json("image", "show", "debian")["answers"] == []


@pytest.mark.parametrize("text, cmdline, why", [
    ("a\nb {hostname}\n", None, "a.cfg, line 2, column 3: {hostname}: there is no placeholder of this name"),
    ("", "url={answer:b.cfg}", "the command line: {answer:b.cfg}: the image has no answer file of this name"),
    ("", "x {mack}", "the command line, line 1, column 3: {mack}: there is no placeholder"),
])
def test_what_means_nothing_is_refused_with_its_place(site, answer, text, cmdline, why):
    refused = add(site, answer("a.cfg", text), cmdline=cmdline)
    assert refused.returncode == 1 and why in refused.stderr
    assert site.json("image", "list") == []


def test_how_it_is_typed(site, answer):
    assert add(site, "preseed.cfg").returncode == 2
    assert "No such file" in add(site, "preseed.cfg=/nonexistent").stderr
    assert "a name is 1 to 64" in add(site, answer("a b", "")).stderr
    assert "is given twice" in add(site, answer("a.cfg", ""), answer("A.cfg", "")).stderr


def test_a_template_that_asks_for_a_secret(site, answer):
    ks = answer("ks.cfg", "rootpw {var:root_password}\nkeyboard {var:keymap|us}\n")
    added = add(site, ks)
    assert added.returncode == 0
    assert added.stderr.count("warning") == 1 and 'ks.cfg asks for the variable "root_password"' in added.stderr
    assert add(site, ks, more=("--allow-secrets",)).stderr == ""
    assert len(site.json("image", "add", "debian", "--kernel", site.kernel, "--answer", ks)["warnings"]) == 1


def test_windows_images_have_them_too(site, answer):
    from windows_image import make_wim
    wim = make_wim(site.directory)
    site.good("image", "add", "winpe", "--wim", wim, "--answer", answer("unattend.xml", "<a>{name}</a>"))
    assert site.json("image", "show", "winpe")["answers"] == ["unattend.xml"]
    site.good("deploy", "winpe", "--to", MAC)
