# SPDX-License-Identifier: GPL-3.0-or-later
"""More machines ask than may load at once, beside a DHCP server that answers at once."""

import json
import re
import time

import pytest

from lab import dhcp_servers, network
from lab.client import Client
from lab.machine import MAC
from lab.process import LabError

ONE = {"admission": {"at_once": 1}}
HOLD = 8.0  # seconds


class Other:
    """The machine that loads meanwhile: the router, known by its entry in the neighbour table."""

    def __init__(self, lab):
        self._host = lab.router
        self.mac = re.search(r"link/ether (\S+)", self._host.ip("-o link show eth0"))[1]
        self._script = f"ipxe/{self.mac.replace(':', '-')}.ipxe"

    def _get(self, path):
        return self._host.run("curl", "-sS", "--fail", "-o", "-" if path == self._script else "/dev/null",
                              f"http://{network.BOOT_SERVER}/{path}").stdout

    def script(self):
        """Asks to load, which is a sign of life, too."""
        return self._get(self._script)

    def begin(self):
        """Fetches the first file; who does not begin loses its slot after a while."""
        self._get(re.search(rf"{network.BOOT_SERVER}/(images/\S+)", self.script())[1])

    def load(self):
        """Everything that its script names; with the last file it is done."""
        for path in re.findall(rf"http://{network.BOOT_SERVER}/(images/\S+)", self.script()):
            self._get(path)


@pytest.fixture
def taken(lab, server, marker):
    """taken(**config) -> (bootferry, the other machine): its slot is the only one."""
    def start(**config):
        bootferry = server(**{**ONE, **config})
        other = Other(lab)
        image = bootferry.add_marker(marker)
        for mac in (MAC, other.mac):
            bootferry.deploy(image, to=mac)
        other.begin()
        return bootferry, other
    return start


def queue(bootferry):
    return {m["machine"]: m for m in json.loads(bootferry.cli("queue", "--json").stdout)}


def keep_until(other, what, seconds):
    """The other machine shows life until what() is true."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise LabError("that did not happen in time")
        other.script()
        time.sleep(1)


@pytest.mark.ci
def test_an_offer_waits_for_its_turn(lab, capture, taken):
    dhcp_servers.plain(lab)
    bootferry, other = taken()
    client = Client(lab.lan, MAC)
    client.discover_pxe()
    assert set(client.offers()) == {network.DHCP_SERVER}
    bootferry.wait_for_log("held back: 1 machine is loading; this one is number 1 in the queue")
    status = json.loads(bootferry.cli("status", "--json").stdout)
    assert status["queue"] == {"at_once": 1, "loading": 1, "waiting": 1,
                               "longest_wait": status["queue"]["longest_wait"]}
    assert status["counters"]["udp67.in.held"] == 1
    assert "1 loading of 1; 1 waiting" in bootferry.cli("status").stdout
    assert not queue(bootferry)[MAC]["loading"] and queue(bootferry)[other.mac]["loading"]
    assert re.search(rf"{MAC} +uefi-pxe +waits +\d+ +offer", bootferry.cli("queue").stdout)
    other.load()
    assert set(client.offers(seconds=3)) == {network.BOOT_SERVER}, "the OFFER comes when its turn does"
    assert queue(bootferry)[MAC]["loading"]


@pytest.mark.ci
def test_an_offer_waits_for_its_networks_turn(lab, capture, taken):
    """The machine has no address yet: ours on its wire tells the network."""
    dhcp_servers.plain(lab)
    wire = "10.238.0.0/24"
    bootferry, other = taken(admission={"at_once": 50, "networks": {wire: 1, "192.0.2.0/24": 1}})
    client = Client(lab.lan, MAC)
    client.discover_pxe()
    assert set(client.offers()) == {network.DHCP_SERVER}
    bootferry.wait_for_log(f"held back: 1 machine of {wire} is loading; this one is number 1 in the queue")
    assert queue(bootferry)[MAC]["held_by"] == wire and queue(bootferry)[other.mac]["held_by"] == ""
    assert re.search(rf"{MAC} +uefi-pxe +waits +\d+ +offer +{wire}", bootferry.cli("queue").stdout)
    counters = json.loads(bootferry.cli("status", "--json").stdout)["counters"]
    assert [counters[f"admission.{wire}.{what}"] for what in ("at-once", "loading", "waiting")] == [1, 1, 1]
    assert counters["admission.192.0.2.0/24.loading"] == 0
    other.load()
    assert set(client.offers(seconds=3)) == {network.BOOT_SERVER}, "the OFFER comes when its turn does"


@pytest.mark.ci
@pytest.mark.parametrize("name, options", [
    ("last DISCOVER of EDK2", {"secs": 28}),
    ("ROM", {"arch": 0, "vendor_class": "PXEClient:Arch:00000:UNDI:002001"}),
])
def test_who_cannot_wait_is_answered(lab, capture, taken, name, options):
    dhcp_servers.plain(lab)
    taken()
    client = Client(lab.lan, MAC)
    client.discover_pxe(**options)
    assert network.BOOT_SERVER in client.offers(), name


@pytest.mark.ci
def test_a_script_waits(lab, capture, taken):
    """Asked for by another host under the machine's own MAC, as iPXE does."""
    bootferry, other = taken()
    script = f"http://{network.BOOT_SERVER}/ipxe/{MAC.replace(':', '-')}.ipxe"

    def ask():
        return lab.dhcp.run("curl", "-sS", "--fail", script).stdout
    waiting = ask()
    assert "echo Bootferry: 1 machine is loading; this one is number 1" in waiting
    assert f"chain --replace --autofree {script}" in waiting and "kernel" not in waiting
    other.load()
    assert "kernel" in ask()
    assert "2 in the queue" not in ask(), "who started is not held again"


@pytest.mark.parametrize("firmware", ["bios", "uefi", "uefi-http"])  # the BIOS ROM is an iPXE
@pytest.mark.deadline(400)
def test_boots_after_a_hold(lab, capture, taken, marker, power_on, firmware):
    dhcp_servers.plain(lab)
    bootferry, other = taken()
    pc = power_on(firmware)
    keep_until(other, lambda: re.search(rf"{MAC}( \(.*\))? held back", bootferry.log()), 120)
    assert not queue(bootferry)[MAC]["loading"]
    time.sleep(HOLD)
    other.load()
    pc.wait_for(marker.line, 250)
    assert "boot-loop" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")


@pytest.mark.deadline(300)
def test_pxelinux_is_not_held(lab, capture, taken, marker, power_on):
    """A ROM that is no iPXE, and pxelinux behind it, cannot wait: they load beside the other."""
    dhcp_servers.plain(lab)
    bootferry, other = taken(boot={"bios_ipxe": "pxelinux"})
    pc = power_on("bios")
    keep_until(other, lambda: queue(bootferry).get(MAC, {}).get("loading"), 120)
    assert queue(bootferry)[other.mac]["loading"]
    pc.wait_for(marker.line, 250)
    print(f"{pc.seconds():.0f} s")


@pytest.mark.parametrize("chain", ["ipxe", "shim"])
@pytest.mark.deadline(500)
def test_boots_after_a_hold_longer_than_the_firmwares_patience(lab, capture, taken, marker, power_on, chain):
    """EDK2's last DISCOVER is answered; iPXE or GRUB waits on in its script."""
    dhcp_servers.plain(lab, next_server=network.BOOT_SERVER if chain == "shim" else None)
    bootferry, other = taken(boot={"unknown_uefi": chain})
    pc = power_on("uefi")
    keep_until(other, lambda: bootferry.log().count(f"{MAC} held back") >= 4, 240)  # by the script
    assert "this one is number 1 in the queue" in pc.console()
    assert not queue(bootferry)[MAC]["loading"]
    other.load()
    pc.wait_for(marker.line, 250)
    assert "boot-loop" not in bootferry.log()
    print(f"{pc.seconds():.0f} s")
