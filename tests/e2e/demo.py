#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to a network boot: an isolated network, an ordinary DHCP server,
Bootferry, Debian's network installer as the image, and a virtual PC that boots it."""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab import dhcp_servers, network, timeline  # noqa: E402
from lab.bootferry import Bootferry, binary  # noqa: E402
from lab.capture import Capture  # noqa: E402
from lab.machine import MAC, Machine  # noqa: E402
from lab.marker import DEBIAN_TREE  # noqa: E402
from lab.process import LabError  # noqa: E402

KERNEL = "Linux version"
INSTALLER = "Starting system log daemon"
GIVE_UP_AFTER = 240


def say(text):
    print(text, flush=True)


def follow(machine):
    """Prints the serial console as it comes, each line with the seconds since
    power-on; returns when the kernel's and the installer's first words came."""
    moments, shown, deadline = {}, 0, time.monotonic() + GIVE_UP_AFTER
    while INSTALLER not in moments:
        ended = not machine.process.running
        text = machine.console().replace("\r", "\n")
        end = text.rfind("\n") + 1
        for line in text[shown:end].splitlines():
            if line.strip():
                say(f"{machine.seconds():6.1f} | {line.rstrip()[:110]}")
            for word in (KERNEL, INSTALLER):
                if word in line:
                    moments.setdefault(word, machine.seconds())
        shown = max(shown, end)
        if ended or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return moments


def run(firmware, lab):
    say(f"1. network   two segments, {lab.prefix}-*, cut off from this machine's network")
    dhcp_servers.plain(lab)
    say(f"2. DHCP      an ordinary server at {network.DHCP_SERVER}, told nothing about booting")
    capture = Capture(lab.lan)
    server = Bootferry(lab).start()
    say(f"3. Bootferry at {network.BOOT_SERVER}: {server.program}")
    for command in (["image", "add", "debian-12", "--tree", DEBIAN_TREE, "--cmdline", "console=ttyS0"],
                    ["deploy", "debian-12", "--to", MAC]):
        say(f"   $ bootferry {' '.join(map(str, command))}")
        say("   " + server.cli(*command).stdout.strip().replace("\n", "\n   "))
    say(f"4. power on  a {firmware} machine, {MAC}, empty disk; its serial console:\n")
    machine = Machine(lab.lan, firmware, memory=1024)
    moments = follow(machine)
    machine.power_off()

    say("\n  seconds after power-on")
    for seconds, what in [*timeline.steps(capture, MAC, machine.started_at),
                          *((moments[word], what) for word, what in (
                              (KERNEL, "the kernel's first line"),
                              (INSTALLER, "the installer's user space")) if word in moments)]:
        say(f"  {seconds:6.2f}  {what}")
    if KERNEL in moments:
        say(f"\nbooted Debian's kernel in {moments[KERNEL]:.0f} s"
            + (f", its installer in {moments[INSTALLER]:.0f} s" if INSTALLER in moments else ""))
    if INSTALLER in moments:
        return 0
    say("\nthe machine did not boot; the server's log ends:\n" + server.log()[-2000:])
    return 1


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--firmware", choices=["bios", "uefi"], default="bios")
    firmware = arguments.parse_args().firmware
    if not binary():
        say("no bootferry program: build it first, or set BOOTFERRY_BIN")
        return 1
    network.end_on_sigterm()
    try:
        with network.Lab() as lab:
            return run(firmware, lab)
    except LabError as error:
        say(f"the demo failed: {error}")
    except KeyboardInterrupt:
        say("\nstopped; the lab is gone")
    return 1


if __name__ == "__main__":
    sys.exit(main())
