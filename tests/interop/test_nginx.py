# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx in front of Bootferry with exactly the two configurations of docs/nginx.md."""
import concurrent.futures
import re
import shutil
import signal
import subprocess
import time

import pytest

from boot_site import CLIENT_MAC, SERVER, TREE, site  # noqa: F401 (a fixture)

KERNEL = "/images/debian/1/linux"


def documented(language):
    [block] = re.findall(rf"^```{language}\n(.*?)^```", (TREE / "docs/nginx.md").read_text(), re.M | re.S)
    return block


class Nginx:
    """In the server's network, with folders of its own behind the documented names."""

    def __init__(self, site):  # noqa: F811
        self.site = site
        (site.directory / "nginx.conf").write_text(documented("nginx"))
        for name in ("cache", "log", "run", "lib"):
            (site.directory / f"nginx-{name}").mkdir()
        # A mount namespace, so that nothing of an nginx that runs on this machine is touched.
        script = """
            mount --make-rprivate /
            mount --bind "$1/nginx-cache" /var/cache; mkdir -p /var/cache/nginx
            mount --bind "$1/nginx-log" /var/log; mkdir -p /var/log/nginx
            mount --bind "$1/nginx-lib" /var/lib/nginx
            mount --bind "$1/nginx-run" /run
            exec nginx -c "$1/nginx.conf" -g 'daemon off;'"""
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{site.server}", "unshare", "-m", "sh", "-ec", script, "sh", site.directory],
            stderr=subprocess.PIPE, text=True)
        for _ in range(100):
            if self.process.poll() is not None or (site.directory / "nginx-run/nginx.pid").exists():
                break
            time.sleep(0.05)
        assert self.process.poll() is None, self.process.stderr.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="module")
def running(site):  # noqa: F811
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        pytest.skip("nginx is not installed")
    site.serve('interfaces = ["eth0"]\n' + documented("toml"))
    nginx = Nginx(site)
    yield site
    nginx.stop()


def asked_of_bootferry(running):
    return (running.directory / "log").read_text().count(f"GET {KERNEL}: 200")


def test_the_script_sends_the_machine_to_nginx(running):
    name = CLIENT_MAC.replace(":", "-")
    status, script = running.curl(running.near, f"http://{SERVER}:8080/ipxe/{name}.ipxe")
    assert status == 200 and f"kernel http://{SERVER}{KERNEL}".encode() in script


def test_many_machines_cost_bootferry_one_request(running):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: running.curl(running.near, f"http://{SERVER}{KERNEL}"), range(20)))
    assert all(answer == (200, running.kernel) for answer in answers)
    assert asked_of_bootferry(running) == 1


def test_parts_and_heads_come_from_the_copy(running):
    url = f"http://{SERVER}{KERNEL}"
    assert running.curl(running.near, url) == (200, running.kernel)
    assert running.curl(running.near, "-r", "4999990-", url) == (206, running.kernel[-10:])
    assert running.curl(running.near, "-I", url)[0] == 200
    assert asked_of_bootferry(running) == 1


def test_what_is_not_published_is_not_there(running):
    assert running.curl(running.near, f"http://{SERVER}/images/debian/2/linux")[0] == 404


@pytest.mark.parametrize("path", ["/boot.ipxe", "/", "/images", "/images/../boot.ipxe", "/images/..%2fboot.ipxe",
                                  "/images/%2e%2e/boot.ipxe", "/x64/snponly.efi"])
def test_nothing_that_depends_on_who_asks_goes_through_nginx(running, path):
    name = CLIENT_MAC.replace(":", "-")
    for target in (path, path.replace("boot.ipxe", f"ipxe/{name}.ipxe")):
        status, body = running.curl(running.near, "--path-as-is", f"http://{SERVER}{target}")
        assert status in (301, 403, 404) and b"#!ipxe" not in body


def test_bootferry_believes_no_header(running):
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        status, script = running.curl(running.server, "-H", f"{header}: 192.0.2.100", f"http://{SERVER}:8080/boot.ipxe")
        assert status == 200
        assert script == running.curl(running.server, f"http://{SERVER}:8080/boot.ipxe")[1]
