# SPDX-License-Identifier: GPL-3.0-or-later
"""`image inspect`: what is said of a Windows image or a disc image, without any server."""

import json
import os
import pathlib
import sys

import pytest
from cli_site import bootferry, one_line
from windows_image import make_disc, make_wim, pe_program

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from fake_kernel import fake_kernel  # noqa: E402


@pytest.fixture
def wim(tmp_path):
    return lambda *options, without=(): make_wim(tmp_path, *options, without=without)


def test_what_an_image_is(wim):
    image = wim("--check")
    said = bootferry("image", "inspect", image)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0] == f"file          {image}"
    for line in (
        "image         1 of 1, the one that boots",
        "name          Windows PE",
        "description   for tests",
        "architecture  x64",
        "product       Microsoft Windows Operating System",
        "version       10.0.26100",
        "languages     en-US (default)",
        "system        WINDOWS",
        "serves        BIOS, UEFI x64",
        "wdsnbp.com           6",
        "bootmgfw.efi         1024    not signed",
        "fonts/wgl4_boot.ttf  7",
        "pxeboot.com      BIOS machines start this image without asking for F12.",
    ):
        assert line in lines, line
    assert "LZX, integrity table" in lines[1]


def test_the_same_as_json(wim):
    image = wim(without=["Boot/Fonts/wgl4_boot.ttf", "Boot/DVD/EFI/boot.sdi"])
    said = json.loads(bootferry("image", "inspect", "--json", image).stdout)
    assert said["size"] == os.path.getsize(image) and said["boot_index"] == said["image"] == 1
    assert said["compression"] == "LZX" and not said["solid"] and not said["integrity_table"]
    assert said["serves"] == ["bios", "x64"]
    names = {file["name"]: file for file in said["boot_files"]}
    assert names["bootmgr.exe"]["path"] == "/Windows/Boot/PXE/BOOTMGR.EXE"
    assert names["bootmgfw.efi"]["arch"] == "x64" and names["bootmgfw.efi"]["signatures"] == []
    missing = {piece["name"]: piece["consequence"] for piece in said["missing"]}
    assert missing["fonts/wgl4_boot.ttf"] == "The boot menu will be blank."
    assert "boot.sdi" in missing and "bootmgfw.efi" not in missing


def test_a_solid_image(wim):
    lines = bootferry("image", "inspect", wim("--solid")).stdout.splitlines()
    assert "LZMS solid (ESD), no integrity table" in lines[1]


def test_what_is_no_image_is_refused_in_one_line(wim, tmp_path):
    text = tmp_path / "text"
    text.write_text("x" * 4096)
    assert one_line(bootferry("image", "inspect", text), 1) == f"bootferry: {text}: not a Windows image\n"
    cut = tmp_path / "cut.wim"
    cut.write_bytes(wim().read_bytes()[:1000])
    assert "incomplete" in one_line(bootferry("image", "inspect", cut), 1)
    assert "it has no image 2, only 1" in one_line(bootferry("image", "inspect", wim(), "--image", "2"), 1)
    assert "No such file" in one_line(bootferry("image", "inspect", tmp_path / "none"), 1)
    assert bootferry("image", "inspect", text, "--image", "0").returncode == 2


def test_a_disc_of_windows_tells_of_the_image_on_it(wim, tmp_path):
    inner = wim("--check")
    image = make_disc(tmp_path, {"sources/boot.wim": inner, "boot/boot.sdi": b"a disk", "sources/setup.exe": pe_program(0x8664)},
                 "-udf", "-J")
    said = bootferry("image", "inspect", image)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    for line in (
        f"file          {image}",
        "label         MEDIA",
        "boots         Windows, programs for x64",
        "boot image    sources/boot.wim, 0.0 MiB",
        "boot.sdi      boot/boot.sdi, 0.0 MiB",
        "image         1 of 1, the one that boots",
        "version       10.0.26100",
        "serves        BIOS, UEFI x64",
        "bootmgfw.efi         1024    not signed",
        "pxeboot.com      BIOS machines start this image without asking for F12.",
    ):
        assert line in lines, (line, said.stdout)
    assert "UDF with 3 files" in lines[1]
    disc_json = json.loads(bootferry("image", "inspect", "--json", image).stdout)
    assert disc_json["size"] == image.stat().st_size and disc_json["names"] == "UDF"
    (tree,) = disc_json["windows"]
    assert tree["wim"] == json.loads(bootferry("image", "inspect", "--json", inner).stdout)
    ((offset, size),) = tree["boot_wim"]["extents"]
    assert image.read_bytes()[offset:offset + size] == inner.read_bytes()


def test_a_disc_for_two_machines_with_one_image_damaged(wim, tmp_path):
    whole = wim().read_bytes()
    image = make_disc(tmp_path, {"x64/sources/boot.wim": whole, "x86/sources/boot.wim": whole[:1000]}, "-R")
    said = bootferry("image", "inspect", image)
    assert said.returncode == 1
    assert said.stderr == f"bootferry: {image}: x86/sources/boot.wim: the file ends too early: it is incomplete\n"
    assert "folder        x64" in said.stdout and "folder        x86" in said.stdout
    assert said.stdout.count("serves        BIOS, UEFI x64") == 1
    trees = json.loads(bootferry("image", "inspect", "--json", image).stdout)["windows"]
    assert "incomplete" in trees[1]["fault"] and trees[0]["wim"]["serves"] == ["bios", "x64"]


def test_a_disc_of_linux(tmp_path):
    menu = b"default install\nlabel install\n kernel /install.amd/vmlinuz\n append initrd=/install.amd/initrd.gz --- quiet\n"
    image = make_disc(tmp_path, {"install.amd/vmlinuz": fake_kernel(), "install.amd/initrd.gz": b"initrd",
                            "isolinux/isolinux.cfg": menu}, "-R")
    lines = bootferry("image", "inspect", image).stdout.splitlines()
    for line in ("architecture  x64", "menu entry    install", "initrd        install.amd/initrd.gz, 0.0 MiB",
                 "command line  --- quiet"):
        assert line in lines, lines
    said = json.loads(bootferry("image", "inspect", "--json", image).stdout)
    ((offset, size),) = said["linux"]["initrds"][0]["extents"]
    assert image.read_bytes()[offset:offset + size] == b"initrd"


def test_a_disc_that_boots_nothing_is_refused_in_one_line(tmp_path):
    image = make_disc(tmp_path, {"readme.txt": b"words"}, "-R")
    assert "neither Windows media (no sources/boot.wim) nor Linux media" in one_line(bootferry("image", "inspect", image), 1)
    image.write_bytes(image.read_bytes()[:40000])
    assert "cut short" in one_line(bootferry("image", "inspect", image), 1)
