# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command of the administrator's guide does what the page says.

GUIDE_WRITE=1 writes what they say into the page."""

import os
import re
import subprocess

import cli_site
from cli_site import REPOSITORY
from windows_driver import make_driver
from windows_image import FILES, make_disc, make_wim, pe_program

PAGE = REPOSITORY / "docs/administrators-guide.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)

# The page says `bootferry`; here it is the one that was built, on a state of its own.
PROGRAM = """#!/bin/sh
case " $* " in *" --state "*|*" --help "*) exec {program} "$@" ;; esac
exec {program} "$@" --state {state}
"""


def plain(text):
    """Without what is different each time."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"\d{8}T\d{6}Z", "TIME", text)
    text = re.sub(r"bootferry: note: this kernel has no Landlock.*\n", "", text)
    return re.sub(r"\d+\.\d MiB", "SIZE", text)


def test_the_guide(site):
    folder = site.directory / "work"
    (folder / "bin").mkdir(parents=True)
    wrapper = folder / "bin/bootferry"
    wrapper.write_text(PROGRAM.format(program=cli_site.program, state=site.state))
    wrapper.chmod(0o755)
    (folder / "linux").write_bytes(site.kernel.read_bytes())
    (folder / "initrd.gz").write_bytes(b"initrd")
    (folder / "preseed.cfg").write_text("d-i netcfg/get_hostname string {name}\n"
                                        "d-i partman-auto/disk string {var:disk|/dev/sda}\n")
    (folder / "typo.cfg").write_text("d-i netcfg/get_hostname string {hostname}\n")
    (folder / "ks.cfg").write_text("rootpw {var:root_password}\n")
    (folder / "machines.csv").write_text("name,mac\npc-2,52:54:00:12:34:02\npc-3,52:54:00:12:34:03\n")
    (folder / "broken.csv").write_text("name,mac\npc-4,52:54:00:12:34\n")
    make_driver(folder / "drivers/e1d")
    (folder / "tools").mkdir()
    (folder / "tools/go.cmd").write_bytes(b"ipconfig\r\n")
    files = {**FILES, "System32/startnet.cmd": b"wpeinit\r\n"}
    media = {"sources/boot.wim": make_wim(folder, files=files), "sources/setup.exe": pe_program(0x8664), "boot/boot.sdi": b"a disk"}
    make_disc(folder, media, "-udf").rename(folder / "windows.iso")
    menu = b"label install\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz --- quiet\n"
    menu += b"label rescue\n kernel /install/vmlinuz\n append initrd=/install/initrd.gz rescue/enable=true\n"
    media = {"install/vmlinuz": site.kernel.read_bytes(), "install/initrd.gz": b"initrd", "isolinux/isolinux.cfg": menu,
             ".disk/base_components": b"main"}
    make_disc(folder, media, "-R").rename(folder / "linux.iso")
    env = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}

    def run(command):
        command = command.replace("/var/lib/bootferry", str(site.state))
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.stdout.replace(str(site.state), "/var/lib/bootferry")

    def rewritten(match):
        commands = [line for line in match.group(1).splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{command}\n{run(command[2:])}" for command in commands) + "```"

    page = PAGE.read_text()
    now = BLOCK.sub(rewritten, page)
    if os.environ.get("GUIDE_WRITE"):
        PAGE.write_text(now)
    else:
        assert plain(now) == plain(page)
