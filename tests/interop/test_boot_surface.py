# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a required deployment as a machine sees it: scapy asks by DHCP, curl fetches and
reports, the server dies in between. And the lines of docs/reporting.md, run as they stand there."""
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from boot_site import CLIENT_MAC, SERVER, TREE, Site, sh

NAME = CLIENT_MAC.replace(":", "-")
SCRIPT = f"http://{SERVER}/ipxe/{NAME}.ipxe"
REPORT = re.compile(rb"bootferry\.report=(http://\S+)")

# A UEFI machine's DISCOVER; prints the file that it is offered, or "nothing".
DISCOVER = """
import random, socket, sys, time
from scapy.layers.dhcp import BOOTP, DHCP
mac = bytes.fromhex(sys.argv[1].replace(":", ""))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.bind(("", 68))
xid = random.getrandbits(32)
s.sendto(bytes(BOOTP(chaddr=mac, xid=xid, flags=0x8000, options=b"\\x63\\x82\\x53\\x63") / DHCP(options=[
    ("message-type", "discover"), ("vendor_class_id", b"PXEClient:Arch:00007:UNDI:003016"),
    (93, b"\\0\\7"), (94, b"\\1\\3\\x10"), "end"])), ("255.255.255.255", 67))
end = time.monotonic() + float(sys.argv[2])
while (left := end - time.monotonic()) > 0:
    s.settimeout(left)
    try:
        reply = BOOTP(s.recv(4096))
    except socket.timeout:
        break
    if reply.op == 2 and reply.xid == xid:
        print(reply.file.rstrip(b"\\0").decode() or "no file")
        sys.exit()
print("nothing")
"""


class Machine(Site):
    """Its one deployment is required until it is done."""

    terms = ("--required", "--yes")

    @property
    def database(self):
        return self.directory / "state/bootferry.db"

    def begin(self, more=""):
        self.serve(f'interfaces = ["eth0"]\n{more}')

    def discover(self, wait=3.0):
        done = subprocess.run(["ip", "netns", "exec", self.near, "/usr/bin/python3", "-c", DISCOVER, CLIENT_MAC,
                               str(wait)], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def boot(self):
        """Fetches its script and its image; where it may report."""
        status, script = self.curl(self.near, SCRIPT)
        assert status == 200 and b"kernel http" in script, script
        assert self.curl(self.near, f"http://{SERVER}/images/debian/1/linux") == (200, self.kernel)
        return REPORT.search(script)[1].decode()

    def report(self, url, verb, *data, namespace=None):
        return self.curl(namespace or self.near, *(data or ["-X", "POST"]), f"{url}/{verb}")[0]

    def run(self):
        """Its row, once it is as expected or time is up."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT state, held, failures, message FROM runs").fetchall()
        return rows[0] if rows else None

    def becomes(self, *row):
        for _ in range(100):
            if self.run() == row:
                return
            time.sleep(0.05)
        assert self.run() == row


@pytest.fixture
def machine():
    with Machine() as made:
        yield made


def test_offered_started_done_and_then_the_disk(machine):
    machine.begin()
    assert machine.discover() == "x64/snponly.efi"
    url = machine.boot()
    machine.becomes("started", 0, 0, "")
    assert machine.report(url, "progress", "--data-binary", "42 copying files") == 200
    assert machine.report(url, "log", "--data-binary", "first line\n") == 200
    status, plan = machine.curl(machine.near, f"{url}/plan")
    assert status == 200 and plan == (f'{{"device":"{NAME}","deployment":"debian to {NAME}","image":"debian",'
                                      '"state":"started"}\n').encode()
    machine.stop(signal.SIGKILL)
    machine.begin()
    assert machine.report(url, "done") == 200, "its word holds over the server's death"
    machine.becomes("done", 0, 0, "")
    assert machine.discover(1.5) == "nothing"
    assert b"nothing-to-do" in machine.curl(machine.near, SCRIPT)[1]
    machine.stop(signal.SIGKILL)
    machine.begin()
    assert machine.discover(1.5) == "nothing", "after another death, too"
    [log] = (machine.directory / "state/runs").iterdir()
    assert log.read_text() == "first line\n"
    said = (machine.directory / "log").read_text()
    assert url.rsplit("/", 1)[1] not in said, "a token is not for the log"
    for step in ("offered", "started", "done"):
        assert f'{NAME}: deployment "debian to {NAME}" {step}' in said


def test_failed_is_offered_again_and_then_held(machine):
    machine.begin("[runs]\noffers_again = 1\n")
    assert machine.report(machine.boot(), "failed", "--data-binary", "no disk") == 200
    machine.becomes("failed", 0, 1, "no disk")
    assert machine.discover() == "x64/snponly.efi"
    machine.stop()
    machine.begin("[runs]\noffers_again = 1\n")
    machine.boot()  # it does not report
    assert b"nothing-to-do" in machine.curl(machine.near, SCRIPT)[1], "it is back without a word"
    machine.becomes("silent", 1, 2, "it came back without a report")
    assert machine.discover(1.5) == "nothing"
    machine.stop()
    machine.begin()
    assert machine.discover(1.5) == "nothing"


def test_nobody_else_reports(machine):
    machine.begin()
    url = machine.boot()
    guess = url[:-32] + "0" * 32
    assert machine.report(guess, "done") == 404
    assert machine.report(guess, "log", "--data-binary", "@" + str(machine.directory / "linux")) == 404
    assert machine.report(url, "done", namespace=machine.server) == 404, "with the word of another"
    assert machine.report(url, "log", "--data-binary", "@" + str(machine.directory / "linux")) == 413
    assert machine.report(url, "reinstall") == 404
    assert machine.curl(machine.near, "-X", "DELETE", f"http://{SERVER}/images/debian/1/linux")[0] == 405
    assert machine.curl(machine.near, "-T", machine.directory / "linux", f"http://{SERVER}/x")[0] == 405
    machine.becomes("started", 0, 0, "")
    # Somebody on the server or on another machine of the wire looks at the script: the machine's
    # word stays good.
    other = f"{machine.near}o"
    sh(f"""
        ip netns add {other}; ip -n {other} link set lo up
        ip -n {machine.near} link add other link eth0 address 52:54:00:ff:ff:01 netns {other} type macvlan mode bridge
        ip -n {other} addr add 192.0.2.101/24 dev other; ip -n {other} link set other up
        """)
    try:
        for looks in (machine.server, other):
            status, script = machine.curl(looks, SCRIPT)
            assert status == 200 and b"kernel http" in script and b"bootferry.report" not in script
        assert machine.report(url, "done", namespace=other) == 404
    finally:
        sh(f"ip netns del {other}")
    assert machine.report(url, "done") == 200


def test_too_many_failures_stop_the_others(machine):
    machine.begin("[runs]\nfailures_in_row = 1\n")
    assert machine.report(machine.boot(), "failed") == 200
    assert machine.discover(1.5) == "nothing"
    assert b"installs-stopped" in machine.curl(machine.near, SCRIPT)[1]
    assert "required deployments are stopped: 1 failed in a row" in (machine.directory / "log").read_text()


# --- docs/reporting.md -----------------------------------------------------------------------

def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", (TREE / "docs/reporting.md").read_text(), re.M | re.S)


def preseed():
    [block] = blocks("preseed")
    joined = re.sub(r"\\\n\s*", "", block)  # as debconf reads it
    prefix = "d-i preseed/late_command string "
    assert joined.startswith(prefix)
    return joined[len(prefix):]


def kickstart(section):
    [block] = blocks("kickstart")
    return re.search(rf"^%{section}\n(.*?)^%end", block, re.M | re.S)[1]


def autoinstall(when):
    [block] = blocks("yaml")
    return re.search(rf"^  {when}:\n    - (.*)\n", block, re.M)[1]


def shell():
    return blocks("sh")[0]


def run_on(machine, url, command, interpreter):
    """With a kernel command line of the machine's own."""
    (machine.directory / "cmdline").write_text(f"initrd=initrd0 bootferry.report={url} auto=true --- quiet\n")
    (machine.directory / "command").write_text(command)
    subprocess.run(["nsenter", f"--net=/run/netns/{machine.near}", "unshare", "-m", "sh", "-ec", """
        mount --make-rprivate /
        mount --bind "$1/cmdline" /proc/cmdline
        shift
        exec "$@"
        """, "sh", machine.directory, *interpreter, machine.directory / "command"], check=True, timeout=60)


BUSYBOX = ["busybox", "sh"]  # its applets come first, its wget among them


@pytest.mark.parametrize("command, interpreter, state", [
    (preseed, ["sh", "-e"], ("done", 0, 0, "")),
    (lambda: kickstart("post"), ["bash", "-e"], ("done", 0, 0, "")),
    (lambda: kickstart("onerror"), ["bash", "-e"], ("failed", 0, 1, "anaconda stopped")),
    (lambda: autoinstall("late-commands"), ["sh", "-e"], ("done", 0, 0, "")),
    (lambda: autoinstall("error-commands"), ["sh", "-e"], ("failed", 0, 1, "subiquity stopped")),
    (shell, BUSYBOX, ("done", 0, 0, "")),
    (shell, ["sh", "-e"], ("done", 0, 0, "")),
], ids=["preseed", "kickstart", "kickstart-error", "autoinstall", "autoinstall-error", "busybox", "shell"])
def test_documented_lines_report(machine, command, interpreter, state):
    if not shutil.which(interpreter[0]) or not shutil.which("wget"):
        pytest.skip(f"{interpreter[0]} or wget is not installed")
    machine.begin()
    run_on(machine, machine.boot(), command(), interpreter)
    machine.becomes(*state)


INSTALLER = pathlib.Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/initrd.gz")


def test_the_preseed_line_in_debians_installer(machine, tmp_path):
    """Its own shell and its own wget, as they are in its initrd."""
    if not INSTALLER.exists():
        pytest.skip("debian-installer-12-netboot-amd64 is not installed")
    root = tmp_path / "installer"
    root.mkdir()
    subprocess.run(f"zcat {INSTALLER} | cpio -idm --quiet --no-absolute-filenames || true", shell=True, cwd=root,
                   check=True, stderr=subprocess.DEVNULL)
    machine.begin()
    url = machine.boot()
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cmdline").write_text(f"bootferry.report={url} auto=true --- quiet\n")
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev/null").unlink(missing_ok=True)
    (root / "dev/null").touch()
    subprocess.run(["ip", "netns", "exec", machine.near, "chroot", root, "/bin/sh", "-ec", preseed()], check=True,
                   timeout=60)
    machine.becomes("done", 0, 0, "")
