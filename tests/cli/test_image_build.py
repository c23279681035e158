# SPDX-License-Identifier: GPL-3.0-or-later
"""`image build`: Bootferry's own boot image, of Debian's packages. Two whole builds, of which all
tests live; the packages are downloaded once, into build/packages."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from cli_site import BUILT, REPOSITORY

PACKAGES = REPOSITORY / "build/packages"
MOST = 16_000_000  # octets of kernel and initramfs
Kernel = collections.namedtuple("Kernel", "package folder")


def build(*arguments, **options):
    """Not by the copy of the program that other tests run: the agent stands beside this one."""
    return subprocess.run([BUILT, "image", "build", *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=200, **options)


def refused(*arguments, **options):
    done = build(*arguments, **options)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """Debian's kernel package and where it is unpacked: drivers that the image does not have come from
    here."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", "linux-image-amd64"],
                           capture_output=True, text=True).stdout
    name = re.search(r"^Depends:.*?(linux-image-\S+)", shown, re.M)
    fetched = name and subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=", "download", name[1],
                                       "busybox-static", "systemd-boot-efi"], cwd=PACKAGES,
                                      capture_output=True, text=True)
    if not name or fetched.returncode:
        pytest.skip("Debian's kernel package cannot be had here")
    package = max(PACKAGES.glob(f"{name[1]}_*.deb"), key=lambda path: path.stat().st_mtime)
    folder = tmp_path_factory.mktemp("kernel")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return Kernel(package, folder)


def driver(kernel, name):
    [file] = kernel.folder.rglob(f"{name}.ko")
    return file


@pytest.fixture(scope="session")
def built(kernel, tmp_path_factory):
    """(first, second, what the first said): the same order twice, as different people on different days."""
    top = tmp_path_factory.mktemp("built")
    given = top / "given"
    given.mkdir()
    shutil.copy(driver(kernel, "dl2k"), given)
    shutil.copy(driver(kernel, "snd-dummy"), given)
    (given / "README").write_text("no module")
    firmware = top / "firmware"
    (firmware / "bnx2").mkdir(parents=True)
    (firmware / "bnx2/bnx2-mips-06-6.2.3.fw").write_text("firmware")
    said = None
    for number, (umask, zone) in enumerate((("022", "UTC"), ("077", "Asia/Tokyo"))):
        temporary = top / f"tmp{number}"
        temporary.mkdir()
        done = build("--output", top / f"out{number}", "--packages", PACKAGES, "--driver", given, "--firmware",
                     firmware, "--debug-shell", "--uki", "--json",
                     env={**os.environ, "TMPDIR": str(temporary), "TZ": zone, "XZ_OPT": "-9"},
                     preexec_fn=lambda mask=umask: os.umask(int(mask, 8)))
        assert done.returncode == 0, done.stderr
        assert not list(temporary.iterdir()), "nothing is left behind"
        said = said or (json.loads(done.stdout), done.stderr)
    return top / "out0", top / "out1", said


@pytest.fixture(scope="session")
def content(built, tmp_path_factory):
    """The initramfs, unpacked."""
    folder = tmp_path_factory.mktemp("content")
    archive = subprocess.run(["xz", "-dc", built[0] / "initrd.img"], capture_output=True, check=True).stdout
    subprocess.run(["cpio", "-id", "--quiet", "--no-absolute-filenames"], cwd=folder, input=archive, check=True)
    return folder


def test_two_builds_are_identical(built):
    first, second, _ = built
    names = sorted(path.name for path in first.iterdir())
    assert names == ["bootferry.efi", "initrd.img", "vmlinuz"]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_it_is_small(built):
    assert sum((built[0] / name).stat().st_size for name in ("vmlinuz", "initrd.img")) <= MOST


def test_what_is_in_it(content, kernel):
    [modules] = (content / "lib/modules").iterdir()
    assert modules.name == next((kernel.folder / "lib/modules").iterdir()).name
    assert {path.name for path in content.iterdir()} == {"bin", "dev", "etc", "init", "lib", "proc", "run", "sbin", "sys"}
    assert (content / "init").read_bytes()[:4] == b"\x7fELF" and os.access(content / "init", os.X_OK)
    assert os.readlink(content / "bin/sh") == "busybox"
    for name in ("virtio_net", "e1000e", "igb", "r8169", "tg3", "nvme", "ahci", "megaraid_sas", "mpt3sas"):
        assert list(modules.rglob(f"{name}.ko")), name
    known = {pathlib.Path(line.split(":")[0]) for line in (modules / "modules.dep").read_text().splitlines()}
    assert known == {path.relative_to(modules) for path in modules.rglob("*.ko")}
    for line in (modules / "modules.dep").read_text().splitlines():
        for needed in line.split(":")[1].split():
            assert (modules / needed).is_file(), f"{line}: {needed} is missing"
    names = {path.stem.replace("-", "_") for path in known}
    assert {line.split()[2] for line in (modules / "modules.alias").read_text().splitlines()} <= names


def test_what_was_given_in_addition(built, content):
    facts, words = built[2]
    assert facts["added_drivers"] == ["dl2k"]
    assert "1186:4000" in facts["newly_served"]
    assert facts["firmware"] == ["bnx2/bnx2-mips-06-6.2.3.fw"]
    assert "bnx2/bnx2-mips-06-6.2.3.fw" not in facts["firmware_not_included"]
    assert "tigon/tg3.bin" in facts["firmware_not_included"]
    assert "snd-dummy.ko: neither network nor storage" in words
    assert (content / "lib/firmware/bnx2/bnx2-mips-06-6.2.3.fw").read_text() == "firmware"
    assert list(content.rglob("dl2k.ko")) and not list(content.rglob("snd-dummy.ko"))


def test_the_shell_is_seen(built, content):
    facts = built[2][0]
    assert facts["debug_shell"] is True
    assert "bootferry.debug-shell" in facts["command_line"]
    assert "debug-shell=yes" in (content / "etc/bootferry-image").read_text()


def test_the_unified_image_has_all_parts(built):
    headers = subprocess.run(["objdump", "-h", built[0] / "bootferry.efi"], capture_output=True, text=True,
                             check=True).stdout
    sections = {}
    for line in headers.splitlines():
        if match := re.match(r"\s*\d+ (\.\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)", line):
            sections[match[1]] = (int(match[3], 16), int(match[2], 16))
    for name, file in ((".linux", "vmlinuz"), (".initrd", "initrd.img")):
        assert sections[name][1] >= (built[0] / file).stat().st_size
    ends = sorted((at, at + size) for at, size in sections.values())
    assert all(before[1] <= after[0] for before, after in zip(ends, ends[1:])), "no section covers another"


def test_a_driver_of_another_kernel_is_refused(kernel, tmp_path):
    module = driver(kernel, "dl2k").read_bytes()
    magic = re.search(rb"vermagic=(\S+)", module)[1]
    other = tmp_path / "dl2k.ko"
    other.write_bytes(module.replace(b"vermagic=" + magic, b"vermagic=" + magic[:-1] + b"x"))
    said = refused("--output", tmp_path / "out", "--packages", PACKAGES, "--kernel-package", kernel.package,
                   "--driver", other)
    assert f"{other}: it is for another kernel" in said


def test_what_is_no_package(tmp_path):
    file = tmp_path / "kernel.deb"
    file.write_bytes(b"not a package, but longer than the head of one")
    said = refused("--output", tmp_path / "out", "--packages", PACKAGES, "--kernel-package", file)
    assert said == f"bootferry: {file}: no Debian package"


def test_without_a_network(kernel, tmp_path):
    settings = tmp_path / "apt.conf"
    settings.write_text('Acquire::http::Proxy "http://127.0.0.1:9/";\nAcquire::https::Proxy "http://127.0.0.1:9/";\n'
                        'Acquire::Retries "0";\n')
    said = refused("--output", tmp_path / "out", "--packages", tmp_path / "packages", "--kernel-package", kernel.package,
                   env={**os.environ, "APT_CONFIG": str(settings)})
    assert "package busybox-static cannot be fetched: apt-get: " in said
    assert "without a network, give --packages a folder with busybox-static_" in said


def test_without_room(tmp_path):
    said = refused("--output", tmp_path / "out", env={**os.environ, "TMPDIR": "/proc"})
    assert "/proc: not enough room: 700 MB are needed and 0 MB free; TMPDIR=DIR names another place" in said


def test_words_that_make_no_sense():
    assert build("--uki").returncode == 2
    assert build("../x").returncode == 2
