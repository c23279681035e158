# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP servers of other people, untouched unless a test says otherwise."""

import json
import pathlib
import re

from . import network

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

LEASE_TIME = "1h"


def plain(lab, *, next_server=None, vendor_class=None, tftp_server=None, boot_file=None,
          host=None, pool=(100, 199)):
    """dnsmasq as a DHCP server without any PXE option.

    next_server   siaddr only: what GRUB under Secure Boot needs
    vendor_class  option 60 only: "ask port 4011 on this host"
    tftp_server   siaddr and option 66, together with
    boot_file     the file field and option 67: everything said by this server
    pool          last octets of the addresses to lease; (100, 100) is one address
    """
    host = host or lab.dhcp
    first, last = pool
    arguments = [
        "--keep-in-foreground", "--log-facility=-", "--log-dhcp", "--conf-file=/dev/null",
        "--pid-file=", "--user=root", "--port=0", "--bind-dynamic", "--interface=eth0",
        "--no-ping", "--dhcp-authoritative",
        "--leasefile-ro",  # a restarted server has forgotten every lease
        f"--dhcp-range=set:lan,10.238.0.{first},10.238.0.{last},255.255.255.0,{LEASE_TIME}",
        f"--dhcp-range=set:far,10.239.0.{first},10.239.0.{last},255.255.255.0,{LEASE_TIME}",
        f"--dhcp-option=tag:lan,option:router,{network.ROUTER}",
        f"--dhcp-option=tag:far,option:router,{network.FAR_ROUTER}",
    ]
    if next_server or tftp_server:
        arguments.append(f"--dhcp-boot={boot_file or ''},,{next_server or tftp_server}")
    if tftp_server:
        arguments += [f"--dhcp-option-force=66,{tftp_server}",
                      f"--dhcp-option-force=67,{boot_file}"]
    if vendor_class:
        arguments.append(f"--dhcp-option-force=60,{vendor_class}")
    server = host.spawn("dnsmasq", *arguments, name="dhcp-server")
    server.wait_for("sockets bound exclusively")
    return server


def dnsmasq_over_ipv6(lab, boot_url):
    """A DHCPv6 server that names the boot file's URL (option 59)."""
    lab.dhcp.ip(f"addr add {network.DHCP_SERVER_IPV6}/64 dev eth0 nodad")
    server = lab.dhcp.spawn(
        "dnsmasq", "--keep-in-foreground", "--log-facility=-", "--log-dhcp", "--conf-file=/dev/null",
        "--pid-file=", "--user=root", "--port=0", "--bind-dynamic", "--interface=eth0", "--dhcp-authoritative",
        "--leasefile-ro", f"--dhcp-range=fd00:238::100,fd00:238::1ff,64,{LEASE_TIME}",
        f"--dhcp-option=option6:bootfile-url,{boot_url}", name="dhcpv6-server")
    server.wait_for("sockets bound exclusively")
    return server


def kea_over_ipv6(lab, boot_url):
    """Kea with the configuration that docs/configuration.md shows, with the lab's addresses."""
    lab.dhcp.ip(f"addr add {network.DHCP_SERVER_IPV6}/64 dev eth0 nodad")
    page = (REPOSITORY / "docs/configuration.md").read_text()
    [documented] = re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)
    settings = json.loads(documented.replace("2001:db8::", "fd00:238::"))
    assert boot_url in str(settings)
    # It remembers nothing, so that it needs no directory of its own on this machine.
    settings["Dhcp6"] |= {"lease-database": {"type": "memfile", "persist": False},
                          "server-id": {"type": "LLT", "persist": False}}
    config = lab.scratch / "kea-dhcp6.conf"
    config.write_text(json.dumps(settings))
    server = lab.dhcp.spawn("env", f"KEA_LOCKFILE_DIR={lab.scratch}", f"KEA_PIDFILE_DIR={lab.scratch}",
                            "kea-dhcp6", "-c", config, name="dhcpv6-server")
    server.wait_for("DHCP6_STARTED")
    return server


def without_siaddr(lab):
    """busybox's udhcpd: a DHCP server that leaves siaddr at 0.0.0.0."""
    config, leases = lab.scratch / "udhcpd.conf", lab.scratch / "udhcpd.leases"
    leases.touch()
    config.write_text(
        "start 10.238.0.100\nend 10.238.0.199\ninterface eth0\nmax_leases 100\n"
        f"lease_file {leases}\npidfile {lab.scratch}/udhcpd.pid\nsiaddr 0.0.0.0\n"
        f"option subnet 255.255.255.0\noption router {network.ROUTER}\noption lease 3600\n")
    server = lab.dhcp.spawn("busybox", "udhcpd", "-f", "-I", network.DHCP_SERVER, config,
                            name="dhcp-server")
    server.wait_for("started")
    return server
