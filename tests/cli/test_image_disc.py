# SPDX-License-Identifier: GPL-3.0-or-later
"""`image add` of disc images and unified kernel images: what becomes of them, and what is said."""

import json
import os
import pathlib
import shutil
import sys

import pytest
from cli_site import ROOT, Server, bootferry, one_line
from windows_image import FILES, make_disc, make_wim

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from fake_kernel import fake_kernel  # noqa: E402
from unified_image import OS_RELEASE, make_uki  # noqa: E402

MENU = b"""default install
label install
 kernel /install/vmlinuz
 append initrd=/install/initrd.gz --- quiet
label expert
 kernel /install/vmlinuz
 append initrd=/install/initrd.gz priority=low
label rescue
 kernel /rescue/vmlinuz
 append initrd=/rescue/initrd.gz,/install/initrd.gz file=/cdrom/answers.cfg
"""
KERNEL, RESCUE = fake_kernel(500_000), fake_kernel(300_000)
LINUX = {"install/vmlinuz": KERNEL, "install/initrd.gz": b"initrd", "rescue/vmlinuz": RESCUE,
         "rescue/initrd.gz": b"rescue", "isolinux/isolinux.cfg": MENU, "pool/huge.deb": bytes(5_000_000)}


@pytest.fixture
def disc(site):
    return lambda files, *options: make_disc(site.directory, files, *(options or ["-R"]))


def exported(site, name):
    """What machines would get: contents by name."""
    folder = site.directory / "out"
    site.good("image", "export", name, folder)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    return files


def test_linux_media(site, disc):
    image = disc(LINUX)
    said = site.good("image", "add", "debian", image)
    assert said.splitlines()[:5] == [
        "added debian: kernel images/debian/1/vmlinuz, initrd images/debian/1/initrd.gz",
        "menu entry    install",
        "other entry   expert",
        "other entry   rescue",
        "command line  --- quiet",
    ], said
    assert exported(site, "debian") == {"vmlinuz": KERNEL, "initrd.gz": b"initrd"}
    shown = site.json("image", "show", "debian")
    assert (shown["kind"], shown["arch"], shown["command_line"]) == ("linux", "x64", "--- quiet")
    kept = sum(path.stat().st_size for path in (site.state / "library").rglob("*") if path.is_file())
    assert kept < 600_000, "only what boots is copied"


def test_another_entry_and_what_stays_on_the_disc(site, disc):
    image = disc(LINUX)
    said = site.good("image", "add", "rescue", "--iso", image, "--entry", "RESCUE")
    assert "kernel images/rescue/1/vmlinuz, initrd images/rescue/1/initrd.gz, images/rescue/1/2-initrd.gz" in said
    assert "preseed            The answers stay on the disc: the installer asks all its questions." in said, said
    assert exported(site, "rescue") == {"vmlinuz": RESCUE, "initrd.gz": b"rescue", "2-initrd.gz": b"initrd"}
    told = site.json("image", "add", "rescue", "--iso", image, "--entry", "rescue/vmlinuz")["disc"]
    assert told["entry"] == "rescue" and told["entries"] == ["install", "expert", "rescue"]
    assert [need["name"] for need in told["needs"]] == ["preseed"] and "url=" in told["needs"][0]["remedy"]
    # What was said is heard.
    line = "auto url=http://10.0.0.2/answers.cfg"
    told = site.json("image", "add", "rescue", "--iso", image, "--entry", "rescue", "--cmdline", line)
    assert told["disc"]["needs"] == [] and told["command_line"] == line
    refused = site.refused("image", "add", "other", "--iso", image, "--entry", "graphical")
    assert "no menu entry «graphical» that boots anything: there are «install», «expert», «rescue»" in refused


def test_ubuntus_way(site, disc):
    menu = (b"set timeout=30\nmenuentry 'Try or Install' {\n linux /casper/vmlinuz ---\n initrd /casper/initrd\n}\n"
            b"menuentry 'Safe graphics' {\n linux /casper/vmlinuz nomodeset ---\n initrd /casper/initrd\n}\n")
    image = disc({"boot/grub/grub.cfg": menu, "casper/vmlinuz": KERNEL, "casper/initrd": b"initrd"})
    said = site.good("image", "add", image)
    assert said.startswith("added disc: kernel images/disc/1/vmlinuz"), said
    assert "menu entry    Try or Install" in said and "other entry   Safe graphics" in said
    assert "casper             Ubuntu's live system stays on the disc" in said and "url=http://" in said
    inspected = bootferry("image", "inspect", image, "--entry", "safe graphics").stdout
    assert "command line  nomodeset ---" in inspected and "casper             Ubuntu's" in inspected


def test_windows_media(site, disc):
    without = ["Boot/Fonts/wgl4_boot.ttf", "Boot/DVD/EFI/boot.sdi"]
    wim = make_wim(site.directory, without=without).read_bytes()
    media = {"sources/boot.wim": wim, "boot/boot.sdi": b"the disc's", "boot/fonts/wgl4_boot.ttf": b"its letters",
             "boot/fonts/segoe.txt": b"none", "sources/install.wim": bytes(3_000_000)}
    site.good("image", "add", "setup", disc(media, "-udf"))
    files = exported(site, "setup")
    assert files["boot.wim"] == wim and files["boot.sdi"] == b"the disc's"
    assert files["fonts/wgl4_boot.ttf"] == b"its letters" and files["bootmgfw.efi"] == FILES["Boot/EFI/bootmgfw.efi"]
    assert not any("install" in name or "segoe" in name for name in files)
    shown = site.json("image", "show", "setup")
    assert (shown["kind"], shown["arch"], shown["kernel"]) == ("wim", "x64", "images/setup/1/boot.wim")
    # What the image brings itself counts for more.
    whole = make_wim(site.directory).read_bytes()
    site.good("image", "add", "whole", disc({**media, "sources/boot.wim": whole}, "-udf"))
    files = exported(site, "whole")
    assert files["boot.sdi"] == b"a disk" and files["fonts/wgl4_boot.ttf"] == b"letters"


def test_windows_media_for_two_machines(site, disc):
    wim = make_wim(site.directory).read_bytes()
    image = disc({"x64/sources/boot.wim": wim, "x86/sources/boot.wim": wim[:1000], "x86/sources/install.esd": b"-"})
    refused = site.refused("image", "add", "pe", image)
    assert "has Windows in several folders (x64, x86): choose one with --entry NAME" in refused
    site.good("image", "add", "pe", image, "--entry", "X64")
    assert exported(site, "pe")["boot.wim"] == wim
    assert "x86/sources/boot.wim: the file ends too early" in site.refused("image", "add", "pe", image, "--entry", "x86")
    assert "has no arm64/sources/boot.wim" in site.refused("image", "add", "pe", image, "--entry", "arm64")
    only = disc({"sources/install.wim": wim})
    assert "has no sources/boot.wim, only sources/install.wim" in site.refused("image", "add", "other", only)
    assert exported(site, "pe")["boot.wim"] == wim, "what was there stays"


def test_what_is_refused(site, disc):
    image = disc({"readme.txt": b"words"})
    assert "neither Windows media" in site.refused("image", "add", "x", image)
    image = disc({**LINUX, "install/vmlinuz": b"no kernel"})
    assert "install/vmlinuz: not a Linux kernel" in site.refused("image", "add", "x", image)
    image = disc({**LINUX, "install/initrd.gz": b""})
    assert "install/initrd.gz is empty" in site.refused("image", "add", "x", image)
    image = disc({**LINUX, "isolinux/isolinux.cfg": MENU.replace(b"--- quiet", b"a && b")})
    assert "iPXE would act on" in site.refused("image", "add", "x", image)
    for words in (["--iso", image, "--wim", image], [image, "--kernel", site.kernel], ["--iso", image, "--tree", "."]):
        assert "different kinds of image" in one_line(site.run("image", "add", "x", *words), 2)
    assert "--initrd needs --kernel" in one_line(site.run("image", "add", "x", image, "--initrd", site.initrd), 2)
    assert "No such file" in site.refused("image", "add", "x", site.directory / "none.iso")
    assert site.files() == {}, "nothing is left of what was refused"


UKI = [(".osrel", OS_RELEASE), (".cmdline", b"console=ttyS0 quiet\0"), (".ucode", b"microcode"), (".initrd", b"initrd"),
       (".linux", KERNEL)]


@pytest.fixture
def uki(site):
    def write(sections=UKI, **options):
        path = site.directory / "made.efi"
        path.write_bytes(make_uki(sections, **options))
        return path
    return write


def test_a_unified_kernel_image(site, uki):
    image = uki()
    lines = bootferry("image", "inspect", image).stdout.splitlines()
    for line in ("system        Made for tests 1", "kernel        Linux 6.1.0-test", "architecture  x64",
                 "command line  console=ttyS0 quiet", "signed by     not signed", "serves        BIOS, UEFI x64"):
        assert line in lines, lines
    facts = json.loads(bootferry("image", "inspect", "--json", image).stdout)
    offset, size = facts["kernel"]
    assert image.read_bytes()[offset:offset + size] == KERNEL and facts["size"] == image.stat().st_size
    said = site.good("image", "add", image)
    assert said.startswith("added made: unified kernel image images/made/1/uki.efi, "
                           "initrd images/made/1/initrd, images/made/1/1-initrd\nsystem        Made for tests 1\n"), said
    assert "signed by     not signed" in said.splitlines()
    assert site.json("image", "add", image)["unified"] == facts
    assert exported(site, "made") == {"uki.efi": image.read_bytes(), "linux": KERNEL, "initrd": b"microcode",
                                      "1-initrd": b"initrd"}
    shown = site.json("image", "show", "made")
    assert (shown["kind"], shown["arch"], shown["command_line"]) == ("uki", "x64", "console=ttyS0 quiet")


def test_unified_kernel_images_that_are_refused(site, uki):
    def refusal(*words, **options):
        return site.refused("image", "add", "x", "--uki", uki(**options), *words)
    assert "brings its command line: no --cmdline" in refusal("--cmdline", "quiet")
    assert "no unified kernel image: it has no kernel (.linux)" in refusal(sections=[(".text", b"code")])
    assert "is a UEFI program for arm64, and its kernel is built for x64" in refusal(machine=0xAA64)
    assert "its kernel (.linux): not a Linux kernel but gzip data" in refusal(sections=[(".linux", b"\x1f\x8b" * 99)])
    assert "over 4096 characters" in refusal(sections=[(".linux", KERNEL), (".cmdline", b"x" * 5000)])
    assert "initrds: at most 32" in refusal(sections=[(".linux", KERNEL)] + [(".initrd", b"x")] * 33)
    path = uki()
    path.write_bytes(path.read_bytes()[:-1000])
    assert "a section lies outside the file" in site.refused("image", "add", "x", path)
    assert "not a PE program" in site.refused("image", "add", "x", "--uki", site.initrd)
    assert site.files() == {}


@pytest.mark.skipif(not ROOT, reason="the server gives up root's rights")
def test_a_running_server_takes_them(site, disc, uki):
    """It has no right to the files, and reads discs where nobody else can."""
    image = disc(LINUX)
    image.chmod(0o600)
    with Server(site) as server:
        server.good("image", "add", "debian", image)
        server.good("image", "add", "unified", uki())
        kinds = {each["name"]: each["kind"] for each in server.json("image", "list")}
    assert kinds == {"debian": "linux", "unified": "uki"}, server.log


def test_nothing_is_read_twice_for_a_name(site, disc):
    """A disc again under another name costs no room: contents are kept once."""
    image = disc(LINUX)
    site.good("image", "add", "one", image)
    before = {path.name for path in site.files()}
    site.good("image", "add", "two", image)
    after = {path.name for path in site.files()}
    assert len(after - before) <= 1, "the second's list of files at most"
    assert os.path.exists(image)
