# SPDX-License-Identifier: GPL-3.0-or-later
"""Several interfaces, and interfaces that come, go and change: each client hears the
address by which it reaches the server."""

import pytest

from lab import network
from lab.client import Client, Station
from lab.machine import MAC

pytestmark = pytest.mark.ci

FAR_BOOT_SERVER = "10.239.0.2"
ALL = {"server": {"interfaces": []}}
OPTION_67 = "boot-file-name"


@pytest.fixture
def serve(lab, server, marker):
    """serve(**config) -> a running server with something deployed to MAC."""
    started = []

    def start(**config):
        bootferry = server(**config)
        started.append(bootferry)
        bootferry.deploy(bootferry.add_marker(marker), to=MAC)
        return bootferry
    yield start
    for bootferry in started:
        bootferry.must_be_alive()


def plug_in_far(lab, address=FAR_BOOT_SERVER):
    lab.boot.join(lab.far, "eth1", f"{address}/24")


def offers(segment, seconds=2.0, enough=1, **kind):
    client = Client(segment, MAC)
    client.discover_pxe(**kind)
    found = client.offers(seconds, enough=enough)
    client.close()
    return found


def silence(segment):
    return not offers(segment, seconds=0.7, enough=None)


def all_in_the_name_of(address, segment, station):
    """OFFER, HTTP Boot's OFFER, the answer on 4011, TFTP's data and iPXE's script: from
    this address, and naming this address."""
    offer = offers(segment)
    assert set(offer) == {address}
    assert offer[address]["siaddr"] == offer[address]["server_id"] == address
    by_http = offers(segment, arch=16, vendor_class="HTTPClient:Arch:00016:UNDI:003001")
    assert set(by_http) == {address}
    url = by_http[address][OPTION_67].rstrip(b"\0").decode()
    assert url == f"http://{address}/x64/snponly.efi"

    sender, ack = station.boot_request(address)
    assert sender == ack["siaddr"] == ack["server_id"] == address
    sender, data = station.read_by_tftp(address, "x64/snponly.efi")
    assert (sender, data[:4]) == (address, b"\0\3\0\1")
    assert f"http://{address}/" in station.read_by_http(address, "boot.ipxe").stdout


def test_two_interfaces(lab, capture, serve):
    plug_in_far(lab)
    serve(**ALL)
    all_in_the_name_of(network.BOOT_SERVER, lab.lan, Station(lab.lan, "10.238.0.50", MAC))
    all_in_the_name_of(FAR_BOOT_SERVER, lab.far, Station(lab.far, "10.239.0.50", MAC))


def test_one_that_appears_vanishes_and_comes_back(lab, capture, serve):
    bootferry = serve(**ALL)
    station = Station(lab.far, "10.239.0.50", MAC)
    for address in (FAR_BOOT_SERVER, "10.239.0.3"):
        plug_in_far(lab, address)
        bootferry.wait_for_log(f"eth1 {address}/24")
        all_in_the_name_of(address, lab.far, station)
        lab.boot.ip("link del eth1")
        assert set(offers(lab.lan)) == {network.BOOT_SERVER}


def test_one_that_changes_its_address(lab, capture, serve):
    bootferry = serve()
    assert set(offers(lab.lan)) == {network.BOOT_SERVER}
    lab.boot.ip(f"addr del {network.BOOT_SERVER}/24 dev eth0")
    bootferry.wait_for_log("no interface has an IPv4 address")  # it has those of IPv6
    lab.boot.ip("addr add 10.238.0.3/24 dev eth0")
    bootferry.wait_for_log("eth0 10.238.0.3/24")
    all_in_the_name_of("10.238.0.3", lab.lan, Station(lab.lan, "10.238.0.50", MAC))


def test_one_without_an_address(lab, capture, serve):
    """Until it has one there is no answer: any other address belongs to another segment."""
    bootferry = serve(**ALL)
    lab.boot.join(lab.far, "eth1")
    assert silence(lab.far)
    lab.boot.ip(f"addr add {FAR_BOOT_SERVER}/24 dev eth1")
    bootferry.wait_for_log(f"eth1 {FAR_BOOT_SERVER}/24")
    assert set(offers(lab.far)) == {FAR_BOOT_SERVER}


def test_one_that_is_not_in_the_list(lab, capture, serve):
    plug_in_far(lab)
    serve(server={"interfaces": ["eth0"]})
    station = Station(lab.far, "10.239.0.50", MAC)
    assert silence(lab.far)
    assert not station.boot_request(FAR_BOOT_SERVER, 0.5)
    assert not station.read_by_tftp(FAR_BOOT_SERVER, "x64/snponly.efi", 0.5)
    assert "not served" in station.read_by_http(FAR_BOOT_SERVER, "boot.ipxe").stdout
    assert set(offers(lab.lan)) == {network.BOOT_SERVER}


def test_listed_address_asked_through_another_interface(lab, capture, serve):
    """A host takes packets for all its addresses on every interface; where they arrive counts."""
    plug_in_far(lab)
    serve(server={"interfaces": ["eth0"]})
    station = Station(lab.far, "10.239.0.50", MAC)
    station.ip(f"route add {network.BOOT_SERVER} via {FAR_BOOT_SERVER}")
    assert not station.boot_request(network.BOOT_SERVER, 0.5)
    assert not station.read_by_tftp(network.BOOT_SERVER, "x64/snponly.efi", 0.5)
    assert "#!ipxe" not in station.read_by_http(network.BOOT_SERVER, "boot.ipxe").stdout
