# SPDX-License-Identifier: GPL-3.0-or-later
"""`image inject`: what comes into a Windows image, read back by wimlib-imagex."""

import json
import re
import subprocess

import pytest
from cli_site import ROOT, Server, bootferry, one_line
from windows_driver import make_driver
from windows_image import FILES, make_wim

STARTNET = b"\xffwpeinit\r\n"  # of a code page that nobody knows
SYSTEM = {"System32/startnet.cmd": STARTNET, "System32/drivers/disk.sys": bytes(range(256)) * 4096, "System32/empty": b""}
SCRIPT = "/Windows/System32/bootferry-start.cmd"
RECORD = "/Windows/System32/bootferry-inject.txt"


@pytest.fixture
def driver(tmp_path):
    return make_driver(tmp_path / "e1d 12 (x64)")


@pytest.fixture
def wim(tmp_path):
    return make_wim(tmp_path, "--check", files={**FILES, **SYSTEM})


def imagex(*words):
    done = subprocess.run(["wimlib-imagex", *map(str, words)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(wim, folder, image=1):
    """Each file of an image by name, as wimlib-imagex takes it out, once the file has passed its own checks."""
    imagex("verify", wim)
    imagex("extract", wim, image, "/", "--no-acls", f"--dest-dir={folder}")
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def facts(wim):
    """What wimlib-imagex says of the file, without what every change changes."""
    said = imagex("info", wim).decode()
    return re.sub(r"(?m)^(GUID|Size|Total Bytes|Hard Link Bytes|Directory Count|File Count|Last Modification Time|Path):.*\n", "", said)


def inject(wim, *words):
    to = wim.parent / "out.wim"
    done = bootferry("image", "inject", wim, *words, "--output", to, "--json")
    assert done.returncode == 0, done.stderr
    return to, json.loads(done.stdout)


def test_drivers_files_and_a_start(wim, driver, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/go.cmd").write_bytes(b"dir\r\n")
    (tmp_path / "own").write_bytes(b"a text")
    to, said = inject(wim, "--driver", driver, "--file", f"{tmp_path}/tools=\\Tools", "--file", f"{tmp_path}/own=/Tools/deep/",
                      "--file", f"{tmp_path}/own=\\windows\\system32\\EMPTY", "--start", "X:\\Tools\\go.cmd")
    before, after = contents(wim, tmp_path / "before"), contents(to, tmp_path / "after")
    assert facts(to) == facts(wim)
    place = "/Drivers/1-e1d-12-x64"
    new = {
        f"{place}/x64/e1d.inf": (driver / "x64/e1d.inf").read_bytes(),
        f"{place}/x64/e1d.sys": b"driver" * 10000,
        f"{place}/x64/e1d.cat": b"signed",
        f"{place}/readme.txt": b"",
        "/Tools/go.cmd": b"dir\r\n",
        "/Tools/deep/own": b"a text",
        "/Windows/System32/EMPTY": b"a text",
        "/Windows/System32/startnet.cmd": b'@call "%SystemRoot%\\System32\\bootferry-start.cmd"\r\n',
        "/Windows/System32/startnet-original.cmd": STARTNET,
    }
    del before["/Windows/System32/startnet.cmd"], before["/Windows/System32/empty"]
    script, record = after.pop(SCRIPT).decode(), after.pop(RECORD).decode()
    assert after == {**before, **new}
    assert script.split("\r\n")[1:] == [
        '@drvload "%SystemDrive%\\Drivers\\1-e1d-12-x64\\x64\\e1d.inf"',
        '@if errorlevel 1 echo bootferry: "\\Drivers\\1-e1d-12-x64\\x64\\e1d.inf" was not loaded',
        '@call "%SystemRoot%\\System32\\startnet-original.cmd"',
        "X:\\Tools\\go.cmd",
        "",
    ]
    assert "put \\Drivers\\1-e1d-12-x64\r\n" in record and "empty" not in record.lower()
    [told] = said["drivers"]
    assert told == {"path": place.replace("/", "\\"), "files": 4, "infs": [{"name": "x64/e1d.inf", "class": "Net"}],
                    "serves": ["8086:15b7", "8086:15b8"]}
    assert said["replaced"] == ["\\windows\\system32\\EMPTY"] and said["size"] == to.stat().st_size
    assert said["warnings"] == ["\\windows\\system32\\EMPTY was in the image, and is replaced"]


@pytest.mark.parametrize("options", [["--compress=none"], ["--compress=XPRESS", "--chunk-size=16384"], ["--compress=LZX", "--check"]])
def test_only_what_is_meant_changes(options, driver, tmp_path):
    """Of two images, the second boots and is changed; the other one and all that is said of them stays."""
    wim = make_wim(tmp_path, *options, files={**FILES, **SYSTEM})
    (tmp_path / "more").mkdir()
    (tmp_path / "more/x").write_bytes(b"x" * 100000)
    imagex("append", tmp_path / "more", wim, "Another", "with words", "--boot", "--image-property", "WINDOWS/ARCH=9")
    to, said = inject(wim, "--driver", driver)
    assert said["index"] == 2 and facts(to) == facts(wim) and "Boot Index:     2" in facts(to)
    assert contents(to, tmp_path / "one") == contents(wim, tmp_path / "same", 1)
    changed = contents(to, tmp_path / "two", 2)
    assert changed["/x"] == b"x" * 100000 and "@wpeinit\r\n" in changed[SCRIPT].decode()
    to, said = inject(wim, "--driver", driver, "--image", "1")
    assert contents(to, tmp_path / "second", 2) == {"/x": b"x" * 100000}


def test_a_second_inject_takes_the_place_of_the_first(wim, driver, tmp_path):
    own = tmp_path / "own"
    own.write_bytes(b"a text")
    first, _ = inject(wim, "--driver", driver, "--driver", driver, "--file", f"{own}=\\own.txt", "--start", "first")
    first = first.rename(tmp_path / "first.wim")
    twice, said = inject(first, "--driver", driver, "--start", "second")
    after = contents(twice, tmp_path / "twice")
    twice.unlink()
    once, _ = inject(wim, "--driver", driver, "--start", "second")
    assert after == contents(once, tmp_path / "once")
    assert said["taken_back"] == ["\\Drivers\\1-e1d-12-x64", "\\Drivers\\2-e1d-12-x64", "\\own.txt"]


def test_winpeshl_and_setup_start_our_script_first(driver, tmp_path):
    shell = b"[LaunchApps]\r\n%SYSTEMDRIVE%\\sms\\bin\\x64\\TsBootShell.exe\r\n"
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM, "System32/winpeshl.ini": shell})
    to, said = inject(wim, "--driver", driver)
    after = contents(to, tmp_path / "after")
    lines = after["/Windows/System32/winpeshl.ini"].decode().splitlines()
    assert lines[1].endswith("bootferry-start.cmd") and lines[2:] == ["%SYSTEMDRIVE%\\sms\\bin\\x64\\TsBootShell.exe"]
    assert after["/Windows/System32/winpeshl-original.ini"] == shell and after["/Windows/System32/startnet.cmd"] == STARTNET
    assert "winpeshl.ini" in said["start"]
    setup = make_wim(tmp_path, files={**FILES, **SYSTEM, "../setup.exe": b"MZ"})
    after = contents(inject(setup, "--driver", driver)[0], tmp_path / "setup")
    assert after["/Windows/System32/winpeshl.ini"].decode().splitlines()[2] == "%SYSTEMDRIVE%\\setup.exe"


def test_what_will_not_help_is_said(wim, tmp_path):
    driver = make_driver(tmp_path / "print", name="Printer", guid="{0}", catalog="other.cat", decoration="NTarm64", encoding="ascii")
    done = bootferry("image", "inject", wim, "--driver", driver, "--output", tmp_path / "out.wim")
    assert done.returncode == 0
    notes = [line for line in done.stderr.splitlines() if "Landlock" not in line]
    assert [note.split(": ", 3)[3] for note in notes] == [
        "has no devices for x64: it will not be loaded by this image",
        "of class Printer: neither network nor storage; a boot image needs no more",
        "its catalog other.cat is not beside it: it is not signed, and Windows may refuse it",
    ]
    lines = done.stdout.splitlines()
    assert "image       1 of 1, Windows PE, x64" in lines and "now served  no device by this driver" in lines
    assert f"written to {tmp_path}/out.wim" == lines[-1]
    assert b"drvload" not in contents(tmp_path / "out.wim", tmp_path / "after")[SCRIPT]


def test_an_image_gets_a_next_version(site, driver, tmp_path):
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM}, without=["Boot/DVD/EFI/boot.sdi"])
    sdi = tmp_path / "boot.sdi"
    sdi.write_bytes(b"the site's disk")
    (tmp_path / "unattend").write_text("<name>{name}</name>\n")
    site.good("image", "add", "winpe", "--wim", wim, "--sdi", sdi, "--answer", f"unattend.xml={tmp_path}/unattend")
    said = site.good("image", "inject", "winpe", "--driver", driver)
    assert "now served  8086:15b7, 8086:15b8" in said.splitlines()
    assert said.endswith("\n\nadded winpe: WIM images/winpe/2/boot.wim\n")
    assert site.json("image", "show", "winpe")["kernel"] == "images/winpe/2/boot.wim"
    site.good("image", "export", "winpe", tmp_path / "out")
    assert (tmp_path / "out/boot.sdi").read_bytes() == b"the site's disk"
    assert (tmp_path / "out/.bootferry/answers/unattend.xml").read_text() == "<name>{name}</name>\n"
    after = contents(tmp_path / "out/boot.wim", tmp_path / "after")
    assert "/Drivers/1-e1d-12-x64/x64/e1d.sys" in after
    again = site.json("image", "inject", "winpe", "--start", "cmd")
    assert again["image"] == "winpe" and again["taken_back"] == ["\\Drivers\\1-e1d-12-x64"]


@pytest.mark.skipif(not ROOT, reason="the server becomes nobody")
def test_a_running_server_takes_the_next_version(site, driver, tmp_path):
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM})
    with Server(site) as server:
        server.good("image", "add", "winpe", "--wim", wim)
        assert server.json("image", "inject", "winpe", "--driver", driver)["drivers"][0]["files"] == 4
        assert server.json("image", "show", "winpe")["kernel"] == "images/winpe/2/boot.wim"
        server.good("image", "export", "winpe", tmp_path / "out")
    assert "/Drivers/1-e1d-12-x64/x64/e1d.sys" in contents(tmp_path / "out/boot.wim", tmp_path / "after")


def test_the_original_is_kept_under_its_own_name(site, driver, tmp_path):
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM})
    site.good("image", "add", "winpe", "--wim", wim)
    assert "winpe stays as it is" in site.good("image", "inject", "winpe", "--driver", driver, "--as", "winpe-e1d")
    site.good("image", "inject", wim, "--driver", driver, "--as", "from-file")
    assert {image["name"] for image in site.json("image", "list")} == {"from-file", "winpe", "winpe-e1d"}
    site.good("image", "inject", "winpe", "--driver", driver, "--output", tmp_path / "out.wim")
    assert "/Drivers/1-e1d-12-x64/readme.txt" in contents(tmp_path / "out.wim", tmp_path / "after")
    assert site.json("image", "show", "winpe")["kernel"] == "images/winpe/1/boot.wim"
    said = site.good("image", "inject", "winpe", "--driver", driver, "--keep", "winpe-before")
    assert "added winpe: WIM images/winpe/2/boot.wim; what it was before is winpe-before, a draft" in said
    assert site.json("image", "show", "winpe-before")["state"] == "draft"
    site.good("image", "export", "winpe-before", tmp_path / "before")
    assert (tmp_path / "before/boot.wim").read_bytes() == wim.read_bytes()
    assert 'there is an image "winpe-before"' in site.refused("image", "inject", "winpe", "--start", "a", "--keep", "winpe-before")


def test_the_image_that_machines_are_given_is_changed(site, driver, tmp_path):
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM})
    (tmp_path / "more").mkdir()
    imagex("append", tmp_path / "more", wim, "Another", "--boot", "--image-property", "WINDOWS/ARCH=9")
    site.good("image", "add", "winpe", "--wim", wim, "--index", "1")
    assert site.json("image", "inject", "winpe", "--driver", driver)["index"] == 1
    site.good("image", "export", "winpe", tmp_path / "out")
    assert SCRIPT in contents(tmp_path / "out/boot.wim", tmp_path / "after", 1)
    assert contents(tmp_path / "out/boot.wim", tmp_path / "other", 2) == {}


def test_what_no_machine_gets_stays_so(site, driver, tmp_path):
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM})
    site.good("image", "add", "winpe", "--wim", wim, "--draft")
    assert "bootferry image publish winpe" in site.good("image", "inject", "winpe", "--driver", driver)
    assert site.json("image", "show", "winpe")["state"] == "draft"


def test_refusals_are_one_line_and_leave_nothing(site, wim, driver, tmp_path):
    own = tmp_path / "own"
    own.write_bytes(b"a text")
    (tmp_path / "no-driver").mkdir()
    (tmp_path / "no-driver/setup.exe").write_bytes(b"MZ")
    site.add("debian")
    work = tmp_path / "work"
    work.mkdir()

    def refused(*words, code=1, what=wim):
        done = site.run("image", "inject", what, *words, env={"TMPDIR": str(work)})
        lines = [line for line in done.stderr.splitlines() if "Landlock" not in line]
        assert done.returncode == code and len(lines) == 1 and lines[0].startswith("bootferry: "), done.stderr
        assert list(work.iterdir()) == []
        return lines[0]

    out = ["--output", work / "out.wim"]
    assert "holds no .inf" in refused("--driver", tmp_path / "no-driver", *out)
    assert "not a folder" in refused("--driver", own, *out)
    assert "No such file" in refused("--driver", tmp_path / "none", *out)
    for destination, why in {
        "C:\\x": "no drive", "x": "from the image's root", "\\..\\x": '".."', "\\NUL": "a device to Windows", "\\a?": "<>:",
        "\\Windows\\Boot\\EFI\\bootmgfw.efi": "is not replaced", "\\Windows\\System32": "something else than a file",
        "\\Windows\\System32\\startnet.cmd\\x": "is no folder", "\\Windows\\System32\\bootferry-start.cmd": "--start",
    }.items():
        assert why in refused("--file", f"{own}={destination}", *out)
    assert "SOURCE=DESTINATION" in refused("--file", own, *out)
    assert "No such file" in refused("--file", f"{tmp_path}/none=\\x", *out)
    assert "ASCII" in refused("--start", "a\nb", *out)
    assert "it has no image 2" in refused("--start", "a", "--image", "2", *out)
    assert "is needed" in refused(*out, code=2)
    assert "--output FILE or --as NAME" in refused("--start", "a", code=2)
    assert "--keep is for an image that is replaced" in refused("--start", "a", "--keep", "x", *out, code=2)
    assert "no Windows image" in refused("--start", "a", what="debian")
    assert "there is no image" in refused("--start", "a", what="none")


def test_hostile_images_are_refused(wim, driver, tmp_path):
    whole = wim.read_bytes()
    bad = tmp_path / "bad.wim"
    for content, why in {whole[:3000]: "incomplete", b"x" * 5000: "not a Windows image", whole[:200] + b"\xff" * 5000: ""}.items():
        bad.write_bytes(content)
        said = one_line(bootferry("image", "inject", bad, "--driver", driver, "--output", tmp_path / "out.wim"), 1)
        assert why in said
    solid = make_wim(tmp_path, "--solid", files={**FILES, **SYSTEM})
    done = bootferry("image", "inject", solid, "--driver", driver, "--output", tmp_path / "out.wim")
    assert "solid" in done.stderr and done.returncode == 1
    assert not (tmp_path / "out.wim").exists() and not list(tmp_path.glob("out.wim*"))


def test_a_record_that_lies_leads_nowhere(driver, tmp_path):
    lie = b"bootferry inject 1\r\nstart none\r\nput \\Windows\r\n"
    wim = make_wim(tmp_path, files={**FILES, **SYSTEM, "System32/bootferry-inject.txt": lie})
    done = bootferry("image", "inject", wim, "--driver", driver, "--output", tmp_path / "out.wim")
    assert done.returncode == 1 and "not as `image inject` wrote it" in done.stderr


@pytest.mark.skipif(not ROOT, reason="makes a small file system")
def test_room_is_looked_for_first(wim, driver, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    script = f"mount -t tmpfs -o size=1m none {small} && exec \"$@\""
    from cli_site import program
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", program, "image", "inject", wim, "--driver", driver,
                           "--output", small / "out.wim"], capture_output=True, text=True)
    assert "not enough room" in one_line(done, 1)
