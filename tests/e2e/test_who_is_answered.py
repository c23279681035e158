# SPDX-License-Identifier: GPL-3.0-or-later
"""Bootferry keeps silent unless it was told to boot this machine."""

import pytest

from lab import dhcp_servers, network
from lab.client import Client
from lab.machine import MAC

pytestmark = pytest.mark.ci

OTHER = "52:54:00:00:00:99"


@pytest.fixture
def deployed(lab, capture, server, marker):
    dhcp_servers.plain(lab)
    bootferry = server()
    bootferry.deploy(bootferry.add_marker(marker), to=MAC)
    yield bootferry
    bootferry.must_be_alive()


def test_deployed_pxe_client(lab, deployed):
    client = Client(lab.lan, MAC)
    client.discover_pxe()
    offers = client.offers()
    assert set(offers) == {network.DHCP_SERVER, network.BOOT_SERVER}
    ours = offers[network.BOOT_SERVER]
    assert ours["yiaddr"] == "0.0.0.0", "a proxy has no addresses to give"
    assert ours["server_id"] == network.BOOT_SERVER
    assert ours["vendor_class_id"].startswith(b"PXEClient")


def test_pxe_client_without_deployment(lab, deployed):
    client = Client(lab.lan, OTHER)
    client.discover_pxe()
    assert set(client.offers()) == {network.DHCP_SERVER}


def test_ordinary_dhcp_client(lab, deployed):
    """Even the deployed machine, once its operating system asks for an address."""
    client = Client(lab.lan, MAC)
    client.discover(("vendor_class_id", b"MSFT 5.0"), ("param_req_list", [1, 3, 6, 15]))
    assert set(client.offers()) == {network.DHCP_SERVER}


def test_two_machines_at_once(lab, deployed, marker):
    """The answer to one must not be the answer to the other."""
    known, unknown = Client(lab.lan, MAC), Client(lab.lan, OTHER)
    for xid in range(10, 20):
        unknown.discover_pxe(xid=xid)
        known.discover_pxe(xid=xid)
    assert network.BOOT_SERVER in known.offers(xid=19)
    assert network.BOOT_SERVER not in unknown.offers(xid=19, seconds=0.5)
