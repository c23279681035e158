# SPDX-License-Identifier: GPL-3.0-or-later
"""Each service switched on alone answers, and opens no other port."""

import pytest

from lab import network
from lab.client import Client, Station
from lab.machine import MAC

pytestmark = pytest.mark.ci

SERVICES = {  # how `ready:` calls them, and what they open
    "proxydhcp": ("UDP 67 proxyDHCP", "udp", 67),
    "boot_service": ("UDP 4011 boot service", "udp", 4011),
    "tftp": ("UDP 69 TFTP", "udp", 69),
    "http": ("TCP 80 HTTP", "tcp", 80),
}
BIOS_ROM = {"arch": 0, "vendor_class": "PXEClient:Arch:00000:UNDI:002001"}  # needs no HTTP


def offer(lab, station):
    client = Client(lab.lan, MAC)
    client.discover_pxe(**BIOS_ROM)
    return client.offers(enough=1).get(network.BOOT_SERVER)


def boot_service(lab, station):
    return station.boot_request(network.BOOT_SERVER, **BIOS_ROM)


def tftp(lab, station):
    return station.read_by_tftp(network.BOOT_SERVER, "bios/pxelinux.0")


def http(lab, station):
    done = station.read_by_http(network.BOOT_SERVER, "boot.ipxe")
    if done.returncode == 7:
        raise ConnectionRefusedError
    return done.stdout.startswith("#!ipxe")


# Silence on port 67 shows in open_ports() alone: a broadcast is refused by nobody.
IN_UNICAST = {"boot_service": boot_service, "tftp": tftp, "http": http}


def open_ports(host):
    sockets = [line.split() for line in host.run("ss", "-Htuln").stdout.splitlines()]
    return {(fields[0], int(fields[4].rsplit(":", 1)[1])) for fields in sockets}


@pytest.mark.parametrize("service", SERVICES)
def test_alone(lab, capture, server, marker, service):
    bootferry = server(services={name: name == service for name in SERVICES})
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    name, *port = SERVICES[service]
    assert f"ready: {name}\n" in bootferry.log()
    known = {(protocol, number) for _, protocol, number in SERVICES.values()}
    assert open_ports(lab.boot) & known == {tuple(port)}

    station = Station(lab.lan, "10.238.0.50", MAC)
    assert IN_UNICAST.get(service, offer)(lab, station)
    for other in IN_UNICAST.keys() - {service}:
        with pytest.raises(ConnectionRefusedError):
            IN_UNICAST[other](lab, station)
    bootferry.must_be_alive()
