# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer files and variables files as machines fetch them: curl and two TFTP clients in network namespaces, each file
once and to its machine alone."""
import re
import shutil
import socket
import subprocess

import boot_site
import pytest
from boot_site import CLIENT_MAC, SERVER
from test_wds_dialogue import Machine, inside
from test_windows_image import FILES
from tftp_client import TftpError, fetch
from windows_image import make_wim

DASHED = CLIENT_MAC.replace(":", "-")
SCRIPT = f"http://{SERVER}/ipxe/{DASHED}.ipxe"
VARIABLES = f"\\bcd\\{DASHED}.boot.var"
OTHER = "192.0.2.101"

PRESEED = """d-i debian-installer/locale string en_US.UTF-8
d-i netcfg/get_hostname string {name}
d-i partman-auto/disk string {var:disk|/dev/sda}
d-i preseed/late_command string for word in $(cat /proc/cmdline); do case $word in bootferry.report=*) \\
  wget -q -O /dev/null --post-data= "${word#*=}/done" ;; esac; done
# a brace: {{name}
"""
UNATTEND = "<ComputerName>{name}</ComputerName><Organization>{var:owner}</Organization>"


class Site(boot_site.Site):
    def __enter__(self):
        super().__enter__()
        for name, text in {"preseed.cfg": PRESEED, "unattend.xml": UNATTEND}.items():
            (self.directory / name).write_text(text)
        self.cli("image", "add", "installer", "--kernel", self.directory / "linux", "--answer",
                 f"preseed.cfg={self.directory}/preseed.cfg", "--cmdline", "auto url={answer:preseed.cfg} priority=critical")
        self.cli("device", "set", DASHED, "--var", "disk=/dev/vda", "--var", "owner=R&D")
        self.cli("deploy", "installer", "--to", CLIENT_MAC, "--required", "--yes")
        boot_site.sh(f"ip -n {self.near} addr add {OTHER}/24 dev eth0")
        return self

    def boot(self):
        """Fetches the script; where the answer file is."""
        status, script = self.curl(self.near, SCRIPT)
        assert status == 200
        return re.search(rb"url=(http://\S+)", script)[1].decode()

    def tftp(self, name, **options):
        with inside(self.near):
            return fetch(SERVER, 69, name, **options)[0]

    def refuses(self, name, code):
        with pytest.raises(TftpError, match=code):
            self.tftp(name)


@pytest.fixture
def site():
    with Site() as made:
        made.serve('interfaces = ["eth0"]\n')
        yield made


def test_a_preseed_is_made_for_its_machine_and_is_there_once(site):
    url = site.boot()
    expected = PRESEED.replace("string {name}\n", f"string {DASHED}\n")
    expected = expected.replace("{var:disk|/dev/sda}", "/dev/vda").replace("{{name}", "{name}")
    assert site.curl(site.near, "-I", url)[0] == 200, "a look is not counted"
    assert site.curl(site.near, url) == (200, expected.encode())
    assert site.curl(site.near, url) == (200, expected.encode()), "again, within a minute"
    assert "answer: " + CLIENT_MAC in (site.directory / "log").read_text()
    # Its log names no word.
    assert re.search(r"/v1/([0-9a-f]{32})", url)[1] not in (site.directory / "log").read_text()
    before = url
    url = site.boot()
    assert site.curl(site.near, before)[0] == 404, "each boot has its own"
    assert site.curl(site.near, url)[0] == 200


def test_others_are_refused(site):
    url = site.boot()
    # The near end's kernel answers for both of its addresses with one MAC: that is the machine with another lease.
    assert site.curl(site.near, "--interface", OTHER, url)[0] == 200
    boot_site.sh(f"""
        ip netns add other{site.near}
        ip -n {site.server} link add br0 type bridge; ip -n {site.server} link add eth2 type veth peer name eth0 netns other{site.near}
        ip -n {site.server} addr del {SERVER}/24 dev eth0; ip -n {site.server} link set eth0 master br0
        ip -n {site.server} link set eth2 master br0; ip -n {site.server} addr add {SERVER}/24 dev br0
        ip -n {site.server} link set br0 up; ip -n {site.server} link set eth2 up
        ip -n other{site.near} addr add 192.0.2.150/24 dev eth0; ip -n other{site.near} link set eth0 up""")
    try:
        site.stop()
        site.serve('interfaces = ["br0"]\n')
        url = site.boot()
        other = f"other{site.near}"
        assert site.curl(other, url)[0] == 404
        assert site.curl(other, f"http://{SERVER}/bcd/{DASHED}.boot.var")[0] == 403
        with inside(other), pytest.raises(TftpError, match="2"):
            fetch(SERVER, 69, VARIABLES)
        assert site.curl(site.near, url)[0] == 200
    finally:
        boot_site.sh(f"ip netns del other{site.near}")


def test_never_by_tftp_and_never_by_a_published_name(site):
    url = site.boot()
    path = url.removeprefix(f"http://{SERVER}")
    for name in (path, path.lstrip("/"), "preseed.cfg", "images/installer/1/.bootferry/answers/preseed.cfg"):
        site.refuses(name, "1")
        assert name == path or site.curl(site.near, f"http://{SERVER}/{name.lstrip('/')}")[0] in (
            (200,) if name.startswith("boot/v1") else (404,))


def test_what_lacks_a_value_is_not_served(site):
    site.stop()
    site.cli("image", "add", "installer", "--kernel", site.directory / "linux", "--answer",
             f"unattend.xml={site.directory}/unattend.xml", "--cmdline", "url={answer:unattend.xml}")
    site.serve('interfaces = ["eth0"]\n')
    url = site.boot()
    assert site.curl(site.near, url) == (
        200, f"<ComputerName>{DASHED}</ComputerName><Organization>R&amp;D</Organization>".encode())
    site.stop()
    site.cli("device", "set", DASHED, "--unset", "var.owner")
    site.serve('interfaces = ["eth0"]\n')
    status, text = site.curl(site.near, site.boot())
    assert status == 409 and b"{var:owner} has no value for" in text


def tsize(namespace, name):
    """How large it is: a request with tsize, and an ERROR instead of the first ACK, as ROMs do it."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(b"\0\1" + name.encode() + b"\0octet\0tsize\0000\0", (SERVER, 69))
        answer, peer = sock.recvfrom(2048)
        sock.sendto(b"\0\5\0\0\0", peer)
        assert answer[:2] == b"\0\6"
        return int(answer[2:].split(b"\0")[1])


def test_the_variables_file_of_a_windows_boot(site):
    site.stop()
    wim = make_wim(site.directory, "--compress=none", files=FILES)
    site.cli("image", "add", "winpe", "--wim", wim, "--answer", f"unattend.xml={site.directory}/unattend.xml")
    site.cli("deploy", "winpe", "--to", CLIENT_MAC, "--required", "--yes")
    site.serve('interfaces = ["eth0"]\n')
    machine = Machine(site, CLIENT_MAC, arch=7)
    for answer in (machine.discover(), machine.request()):
        assert answer[243] == b"\1" + bytes([len(VARIABLES)]) + VARIABLES.encode(), answer
        assert answer[252] == f"\\bcd\\{DASHED}.bcd\0".encode()
    site.refuses(VARIABLES, "1")
    assert site.tftp(f"\\bcd\\{DASHED}.bcd")
    assert tsize(site.near, VARIABLES) == len(site.tftp(VARIABLES)), "and a size probe is no transfer"
    lines = site.tftp("bcd/" + DASHED + ".boot.var").decode().splitlines()
    assert lines[0] == "# bootferry variables 1"
    values = dict(line.split("=", 1) for line in lines[1:])
    assert values["Image"] == "winpe" and values["Mac"] == CLIENT_MAC
    assert values["Report"] == f"{values['ManagementPoint']}/boot/v1/{values['Token']}"
    assert site.curl(site.near, f"http://{SERVER}/bcd/{DASHED}.boot.var")[1].decode().splitlines() == lines
    assert site.curl(site.near, values["Answers"] + "unattend.xml")[0] == 200
    assert site.curl(site.near, "-X", "POST", values["Report"] + "/progress")[0] == 200, "its run hears it"


@pytest.mark.skipif(shutil.which("atftp") is None and shutil.which("tftp") is None, reason="no TFTP client of others")
def test_another_client_gets_the_variables_file(site):
    site.boot()
    out = site.directory / "variables.dat"
    command = (["atftp", "--option", "blksize 1024", "-g", "-r", f"bcd/{DASHED}.boot.var", "-l", out, SERVER]
               if shutil.which("atftp") else
               ["sh", "-c", f"cd {site.directory} && printf 'binary\\nget bcd/{DASHED}.boot.var variables.dat\\n' | tftp {SERVER}"])
    subprocess.run(["ip", "netns", "exec", site.near, *map(str, command)], check=True, timeout=60, capture_output=True)
    assert out.read_text().startswith("# bootferry variables 1\nManagementPoint=http://192.0.2.1\n")
