# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP is served on the interfaces that are listed, whatever address a client asks."""
import pytest

from boot_site import OTHER_SERVER, SERVER, site  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def running(site):  # noqa: F811
    site.serve('interfaces = ["eth0"]\n[http]\nport = 8080\n')
    return site


def ask(running, namespace, address):
    return running.curl(namespace, f"http://{address}:8080/images/debian/1/linux")


def test_a_listed_interface_is_served(running):
    assert ask(running, running.near, SERVER) == (200, running.kernel)


def test_its_other_addresses_are_served_there_too(running):
    assert ask(running, running.near, OTHER_SERVER) == (200, running.kernel)


@pytest.mark.parametrize("address", [SERVER, OTHER_SERVER])
def test_an_unlisted_interface_is_not_served(running, address):
    """Linux gives eth0's address to a client on eth1 as well."""
    assert ask(running, running.far, address) == (404, b"not served on this interface\n")


def test_a_program_on_this_host_goes_by_the_address(running):
    assert ask(running, running.server, SERVER) == (200, running.kernel)
    assert ask(running, running.server, OTHER_SERVER)[0] == 404
    assert ask(running, running.server, "127.0.0.1")[0] == 404


def test_scripts_name_the_address_that_was_used(running):
    status, script = running.curl(running.near, f"http://{SERVER}:8080/boot.ipxe")
    assert status == 200 and f"http://{SERVER}:8080/".encode() in script


def test_errors_end_in_one_line_break(running):
    assert running.curl(running.near, f"http://{SERVER}:8080/none") == (404, b"no such file\n")
