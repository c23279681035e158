# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's installer takes its answers from the file that belongs to its image."""

import pytest

from lab import dhcp_servers
from lab.machine import MAC
from lab.marker import DEBIAN_TREE

# The installer asks debconf what it took over, and says it where the lab listens.
PRESEED = """d-i debian-installer/locale string en_US.UTF-8
d-i keyboard-configuration/xkb-keymap select us
d-i netcfg/get_hostname string {name}
d-i partman-auto/disk string {var:disk|/dev/sda}
d-i preseed/early_command string for what in debian-installer/locale partman-auto/disk; do \\
  echo "ANSWERED $what $(debconf-get $what)" > /dev/ttyS0; done; \\
  wget -q -O /dev/null --post-data="42 answered" "{report}/progress"; \\
  echo "ANSWERED BY {image} FOR {name} AT {mac}" > /dev/ttyS0
"""


@pytest.mark.deadline(700)
def test_debians_installer_is_answered(lab, server, power_on):
    dhcp_servers.plain(lab)
    bootferry = server()
    preseed = lab.scratch / "preseed.cfg"
    preseed.write_text(PRESEED)
    bootferry.cli("image", "add", "installer", "--tree", DEBIAN_TREE, "--answer", f"preseed.cfg={preseed}", "--cmdline",
                  "auto=true priority=critical url={answer:preseed.cfg} console=ttyS0 ---", timeout=120)
    bootferry.cli("deploy", "installer", "--to", MAC, "--required", "--yes")
    name = MAC.replace(":", "-")
    bootferry.cli("device", "set", name, "--var", "disk=/dev/vda")
    pc = power_on("bios", memory=1024)
    pc.wait_for(r"ANSWERED debian-installer/locale en_US.UTF-8", 600)
    pc.wait_for(r"ANSWERED partman-auto/disk /dev/vda", 10)
    pc.wait_for(f"ANSWERED BY installer FOR {name} AT {MAC}", 30)
    assert f"answer: {MAC} has " in bootferry.log()
    assert "42%" in bootferry.cli("run", "list").stdout or "answered" in bootferry.cli("run", "list").stdout
