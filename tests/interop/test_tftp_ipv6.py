# SPDX-License-Identifier: GPL-3.0-or-later
"""TFTP and HTTP over IPv6: other people's clients on loopback, then the whole server on wires of its own."""
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import time

import pytest

import boot_site
import tftp_client
from boot_site import CLIENT_MAC, sh
from conftest import LARGE, SIZES, Server, digest

SERVER, CLIENT = "2001:db8:1::1", "2001:db8:1::100"
OTHER_SERVER, OTHER_CLIENT = "2001:db8:2::1", "2001:db8:2::100"
ULA_SERVER = "fd00:69::1"  # a second address of the same interface
SERVICES = "[services]\nproxydhcp = false\nboot_service = false\n"
KERNEL = "images/debian/1/linux"


@pytest.fixture(scope="module")
def server(tftp_serve, files):
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    running = Server(tftp_serve, files, "::1", extra=["64", "fragments"])
    yield running
    assert running.process.poll() is None, "the server died"
    running.stop()


def command_of(client, server, name):
    url = f"tftp://[{server.address}]:{server.port}/{name}"
    return {"tftp": ["tftp", "-6", "-m", "binary", server.address, server.port, "-c", "get", name, "out"],
            "busybox": ["busybox", "tftp", "-g", "-b", 1428, "-r", name, "-l", "out", server.address, server.port],
            "curl": ["curl", "-s", "-g", "--tftp-blksize", 1448, "-o", "out", url],
            "atftp": ["atftp", "--option", "blksize 1448", "--option", "windowsize 16", "-g", "-r", name, "-l", "out",
                      server.address, server.port]}[client]


def fetch_with(client, server, name, directory):
    if shutil.which(client) is None:
        pytest.skip(f"{client} is not installed")
    subprocess.run([str(part) for part in command_of(client, server, name)], check=True, timeout=120,
                   capture_output=True, cwd=directory)
    (directory / "out").touch()  # curl makes none for an empty file
    return digest(directory / "out")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("client", ["tftp", "busybox", "curl", "atftp"])
def test_other_clients(server, files, tmp_path, client, size):
    assert fetch_with(client, server, f"f{size}", tmp_path) == digest(files / f"f{size}")


@pytest.mark.slow
@pytest.mark.parametrize("client", ["tftp", "busybox", "atftp"])
def test_block_numbers_wrap_in_other_clients(server, files, tmp_path, client):
    assert fetch_with(client, server, f"f{LARGE[1]}", tmp_path) == digest(files / f"f{LARGE[1]}")


@pytest.mark.parametrize("windowsize", [1, 4, 5, 16, 64])
@pytest.mark.parametrize("blksize", [64, 512, 1228, 1448])
def test_own_client(server, files, blksize, windowsize):
    content, granted, _ = tftp_client.fetch("::1", server.port, "f1000000", blksize=blksize,
                                            windowsize=windowsize, tsize=0)
    assert digest(content) == digest(files / "f1000000")
    assert granted == {"blksize": blksize, "windowsize": min(windowsize, 65536 // blksize), "tsize": 1000000}


def test_block_numbers_wrap(server, files):
    size = LARGE[0]  # one octet more than 65536 blocks
    content, _, _ = tftp_client.fetch("::1", server.port, f"f{size}", blksize=512, windowsize=64)
    assert digest(content) == digest(files / f"f{size}")


@pytest.fixture(scope="module")
def site():
    with boot_site.Site() as made:
        sh(f"""
            ip -n {made.server} addr add {SERVER}/64 dev eth0 nodad
            ip -n {made.server} addr add {ULA_SERVER}/64 dev eth0 nodad
            ip -n {made.near} addr add {CLIENT}/64 dev eth0 nodad
            ip -n {made.server} addr add {OTHER_SERVER}/64 dev eth1 nodad
            ip -n {made.far} addr add {OTHER_CLIENT}/64 dev eth0 nodad
            ip -n {made.near} -6 route add default via {SERVER}; ip -n {made.far} -6 route add default via {OTHER_SERVER}
            """)
        for namespace in (made.server, made.near, made.far):
            wait_for_addresses(namespace)
        yield made


def wait_for_addresses(namespace):
    """Until the kernel has looked whether somebody else has them (link-local ones are made by it)."""
    deadline = time.monotonic() + 20
    while subprocess.run(["ip", "-n", namespace, "-6", "addr", "show", "tentative"], check=True,
                         capture_output=True).stdout:
        assert time.monotonic() < deadline, "addresses stay tentative"
        time.sleep(0.1)


@pytest.fixture
def serve(site):
    yield lambda more="", interfaces='["eth0"]': site.serve(f"interfaces = {interfaces}\n{SERVICES}{more}")
    site.stop()


def fetch(site, host, name=KERNEL, namespace=None, *, check=True, **options):
    """With the test's own client; None where the server is silent or says ERROR."""
    out = site.directory / "out"
    out.unlink(missing_ok=True)
    done = subprocess.run(["ip", "netns", "exec", namespace or site.near, "/usr/bin/python3", tftp_client.__file__,
                           host, "69", name, str(out), *(f"{k}={v}" for k, v in options.items())],
                          capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return out.read_bytes() if out.exists() else None


def status(site):
    done = subprocess.run([site.program, "status", "--json", "--socket", site.directory / "run/control"],
                          capture_output=True, text=True, timeout=20, check=True)
    return json.loads(done.stdout)


def log_of(site):
    return (site.directory / "log").read_text()


# tftp_client itself refuses an answer from another address than was asked.
@pytest.mark.parametrize("tftp", ["", "threads = 4", "single_port = true", "single_port = true\nthreads = 4",
                                  "port_range = [41000, 41019]"])
def test_both_families_at_once(site, serve, tftp):
    serve("[tftp]\n" + tftp)
    for host in (SERVER, ULA_SERVER, boot_site.SERVER):
        assert fetch(site, host, blksize=1448, windowsize=8) == site.kernel
        assert fetch(site, host, "absent", check=False) is None
    counters = status(site)["counters"]
    assert counters["udp69.received"] == sum(n for name, n in counters.items() if name.startswith("udp69.in."))
    assert (counters["tftp.finished"], counters["udp69.in.not-found"]) == (3, 3)
    assert counters["tftp.send-errors"] == 0
    # Nothing is lost here; a machine that stands still for 20 ms costs a window.
    assert counters["tftp.resent-blocks"] <= counters["tftp.blocks"] / 100


def test_link_local(site, serve):
    """The server's own address of the link, asked by a client that has no other."""
    serve()
    link = json.loads(subprocess.run(["ip", "-n", site.server, "-j", "addr", "show", "dev", "eth0"], check=True,
                                     capture_output=True, text=True).stdout)
    [address] = [a["local"] for a in link[0]["addr_info"] if a.get("scope") == "link"]
    assert fetch(site, f"{address}%eth0", blksize=1448, windowsize=8) == site.kernel
    assert f"[fe80::5054:ff:fe12:3456%" in log_of(site)


def test_an_unlisted_interface_is_not_served(site, serve):
    serve()
    before = status(site)["counters"].get("udp69.in.other-interface", 0)
    asked = ["ip", "netns", "exec", site.far, "/usr/bin/python3", "-c",
             "import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(0.5)\n"
             f"s.sendto(b'\\0\\1{KERNEL}\\0octet\\0', ('{SERVER}', 69)); s.recv(600)"]
    assert subprocess.run(asked, capture_output=True, timeout=20).returncode != 0
    assert status(site)["counters"]["udp69.in.other-interface"] == before + 1


def test_a_machine_is_known_by_its_neighbour_entry(site, serve):
    """The same name for everybody, and what it gets is its own: bios/pxelinux.cfg/default."""
    serve(interfaces='["eth0", "eth1"]')
    assert b"images/debian/1/linux" in fetch(site, SERVER, "bios/pxelinux.cfg/default")
    assert f"pxelinux.cfg of {CLIENT_MAC}: boots debian" in log_of(site)
    # A machine that nothing is deployed to.
    assert b"images/debian" not in fetch(site, OTHER_SERVER, "bios/pxelinux.cfg/default", site.far)


def test_scripts_name_the_address_that_was_used(site, serve):
    serve()
    assert f"http://[{SERVER}]/".encode() in fetch(site, SERVER, "boot.ipxe")
    assert f"http://{boot_site.SERVER}/".encode() in fetch(site, boot_site.SERVER, "boot.ipxe")


def curl(site, namespace, host, name=KERNEL):
    return site.curl(namespace, "-g", f"http://[{host}]:8080/{name}")


def test_http(site, serve):
    """By every address of the interface; a client of another interface is told so."""
    serve("[http]\nport = 8080\n")
    for host in (SERVER, ULA_SERVER):
        assert curl(site, site.near, host) == (200, site.kernel)
    assert site.curl(site.near, f"http://{boot_site.SERVER}:8080/{KERNEL}") == (200, site.kernel)
    assert curl(site, site.far, SERVER) == (404, b"not served on this interface\n")
    status_code, script = curl(site, site.near, SERVER, "boot.ipxe")
    assert status_code == 200 and f"http://[{SERVER}]:8080/".encode() in script
    assert f"[{CLIENT}]" in log_of(site)


def test_http_knows_a_machine_by_its_neighbour_entry(site, serve):
    serve("[http]\nport = 8080\n")
    assert curl(site, site.near, SERVER, "bios/pxelinux.cfg/default")[0] == 200
    assert f"pxelinux.cfg of {CLIENT_MAC}: boots debian" in log_of(site)


def test_limits_by_network(site, serve):
    """5 MB at 2 MB/s for the one network, at full speed for the other."""
    serve('[limits]\nnetworks = { "2001:db8:1::/64" = 2, "192.0.2.0/24" = 1000 }\n')
    assert fetch(site, SERVER, blksize=1448, windowsize=8) == site.kernel
    assert status(site)["counters"]["tftp.held-back"] > 0
    took = [float(line.split(" octets in ")[1].split(" s")[0]) for line in log_of(site).splitlines()
            if f"[{CLIENT}]" in line and " octets in " in line]
    assert 2.3 < took[-1] < 6


@pytest.mark.parametrize("blksize, windowsize", [(512, 4), (1448, 1), (1448, 16)])
@pytest.mark.parametrize("tftp", ["", "single_port = true"])
def test_a_bad_wire(site, serve, tftp, blksize, windowsize):
    serve("[tftp]\n" + tftp)
    drop = "meta l4proto udp numgen random mod 1000 < 30 drop"
    try:
        for namespace in (site.server, site.near):
            sh(f"""ip netns exec {namespace} nft 'add table ip6 loss'
                   ip netns exec {namespace} nft 'add chain ip6 loss in {{ type filter hook input priority 0; }}'
                   ip netns exec {namespace} nft 'add rule ip6 loss in {drop}'""")
        assert fetch(site, SERVER, blksize=blksize, windowsize=windowsize, habit="edk2") == site.kernel
        for _ in range(200):  # without its last ACK, and without ICMP, it ends after 20 s
            counters = status(site)["counters"]
            if counters["tftp.under-way"] == 0:
                break
            time.sleep(0.2)
        assert counters["tftp.finished"] == 1 and counters["tftp.resent-blocks"] > 0
    finally:
        for namespace in (site.server, site.near):
            subprocess.run(["ip", "netns", "exec", namespace, "nft", "delete table ip6 loss"], capture_output=True)


def test_an_interface_with_ipv6_only(site, serve):
    serve(interfaces='["eth1"]')
    sh(f"ip -n {site.server} addr del {boot_site.OTHER_SERVER}/24 dev eth1")
    try:
        assert fetch(site, OTHER_SERVER, namespace=site.far, blksize=1448) == site.kernel
        assert status(site)["interfaces"] == [f"eth1 {OTHER_SERVER}/64"]
    finally:
        sh(f"ip -n {site.server} addr add {boot_site.OTHER_SERVER}/24 dev eth1")


# socket(AF_INET6, …) fails with EAFNOSUPPORT, as it does with ipv6.disable=1.
def without_ipv6_sockets():
    af_inet6, nr_socket, eafnosupport = socket.AF_INET6, 41, 97
    allow, errno = 0x7FFF0000, 0x00050000 | eafnosupport
    program = b"".join(struct.pack("HBBI", *op) for op in [
        (0x20, 0, 0, 0), (0x15, 0, 3, nr_socket),  # the call's number
        (0x20, 0, 0, 16), (0x15, 0, 1, af_inet6),  # its first argument
        (0x06, 0, 0, errno), (0x06, 0, 0, allow)])
    code = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    assert libc.prctl(22, 2, ctypes.c_char_p(filter_), 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


@pytest.mark.parametrize("off", ["by sysctl", "altogether"])
def test_a_host_without_ipv6_starts_without_a_word(site, off):
    if off == "altogether" and os.uname().machine != "x86_64":
        pytest.skip("the filter knows x86-64's call numbers")
    directory = site.directory / off.replace(" ", "-")
    directory.mkdir()
    config = directory / "bootferry.toml"
    config.write_text(f'[server]\nuser = ""\nstate = "{directory}"\nsocket = "{directory}/control"\n'
                      f'interfaces = ["lo"]\n{SERVICES}')
    running = subprocess.Popen(
        ["unshare", "-n", "sh", "-ec", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip link set lo up; "
         "\"$0\" serve --config \"$1\" & trap 'kill $!' TERM; wait; wait", site.program, config],
        stderr=subprocess.PIPE, text=True, preexec_fn=without_ipv6_sockets if off == "altogether" else None)
    said = []
    for line in running.stderr:
        said.append(line)
        if "ready:" in line:
            break
    running.terminate()
    rest = running.communicate(timeout=20)[1]
    assert "ready: UDP 69 TFTP, TCP 80 HTTP\n" in said[-1], said
    assert not any(word in line for line in [*said, rest] for word in ("warning", "error", "IPv6")), said


@pytest.fixture
def beyond(site):
    """A network behind the machine `near`, on a link that carries 1280 octets and no more."""
    name = f"http-b{os.getpid()}"
    try:
        sh(f"""
            ip netns add {name}; ip -n {name} link set lo up
            ip -n {site.near} link add eth1 type veth peer name eth0 netns {name}
            ip -n {site.near} link set eth1 mtu 1280 up; ip -n {name} link set eth0 mtu 1280 up
            ip -n {site.near} addr add 2001:db8:3::1/64 dev eth1 nodad
            ip -n {name} addr add 2001:db8:3::100/64 dev eth0 nodad
            ip -n {name} -6 route add default via 2001:db8:3::1
            ip -n {site.server} -6 route replace 2001:db8:3::/64 via {CLIENT}
            ip netns exec {site.near} sysctl -qw net.ipv6.conf.all.forwarding=1""")
        yield name
    finally:
        # A namespace's own end may take its time.
        subprocess.run(["ip", "-n", site.near, "link", "del", "eth1"], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.mark.parametrize("tftp", ["", "single_port = true"])
def test_a_narrow_link_on_the_way(site, serve, beyond, tftp):
    """No router cuts IPv6 datagrams: it says «too big», and from then on the server knows."""
    sh(f"ip -n {site.server} -6 route flush cache")
    serve("[tftp]\n" + tftp)
    # What was granted in ignorance arrives in fragments of the server's, after one time-out.
    assert fetch(site, SERVER, namespace=beyond, blksize=1448, windowsize=8) == site.kernel
    assert "block 1448, window 8, " in log_of(site).splitlines()[-1]
    assert fetch(site, SERVER, namespace=beyond, blksize=1448, windowsize=8) == site.kernel
    assert "block 1228, window 8, 0 blocks sent again" in log_of(site).splitlines()[-1]
