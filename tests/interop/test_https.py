# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS of the whole program: the key that only root may read, what `check` and `status`
say, and a certificate that is renewed while the server runs."""
import json
import signal
import subprocess
import time

import pytest

from boot_site import SERVER, site  # noqa: F401 (a fixture)


def make_certificate(site, name="tls", days=90):  # noqa: F811
    pem, key = site.directory / f"{name}.pem", site.directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", str(days), "-subj", "/CN=boot", "-addext",
                    f"subjectAltName=IP:{SERVER}", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-keyout", key, "-out", pem], check=True, capture_output=True)
    key.chmod(0o600)
    return pem, key


@pytest.fixture(scope="module")
def running(site):  # noqa: F811
    pem, key = make_certificate(site)
    site.serve(f'interfaces = ["eth0"]\n[http]\ntls_port = 443\ntls_certificate = "{pem}"\ntls_key = "{key}"\n')
    return site


def bootferry(running, *arguments):
    return subprocess.run(["ip", "netns", "exec", running.server, running.program, *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


def test_both_serve_the_same(running):
    pem = running.directory / "tls.pem"
    for url in (f"http://{SERVER}", f"https://{SERVER}"):
        assert running.curl(running.near, "--cacert", pem, f"{url}/images/debian/1/linux") == (200, running.kernel)
        assert b"#!ipxe" in running.curl(running.near, "--cacert", pem, f"{url}/boot.ipxe")[1]
    refused = subprocess.run(["ip", "netns", "exec", running.near, "curl", "-sS", f"https://{SERVER}/boot.ipxe"],
                             capture_output=True, text=True, timeout=60)
    # 77: this machine has no list of authorities at all.
    assert refused.returncode in (60, 77), "curl trusts nobody by itself"


def test_nothing_but_published_names(running):
    pem = running.directory / "tls.pem"
    for path in ("/tls.key", f"{running.directory}/tls.key", "/../tls.key", "//etc/passwd"):
        assert running.curl(running.near, "--path-as-is", "--cacert", pem, f"https://{SERVER}{path}")[0] in (403, 404)


def test_the_key_is_in_no_other_file(running):
    secret = (running.directory / "tls.key").read_bytes().splitlines()[1]
    holders = [p.name for p in running.directory.rglob("*") if p.is_file() and secret in p.read_bytes()]
    assert holders == ["tls.key"]


def test_status_and_check(running):
    status = json.loads(bootferry(running, "status", "--json", "--socket", running.directory / "run/control").stdout)
    assert "TCP 443 HTTPS" in status["services"]
    check = bootferry(running, "check", "--config", running.directory / "bootferry.toml").stdout
    assert "is valid until" in check and "port TCP 443" in check


def test_a_renewed_certificate_asks_for_a_restart(running):
    def reload():
        running.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        return (running.directory / "log").read_text()
    told = "another certificate than at the start: HTTPS goes on with the old one until a restart"
    old = (running.directory / "tls.pem").read_text()
    assert told not in reload()
    (running.directory / "old.pem").write_text(old)
    make_certificate(running)
    assert told in reload()
    assert running.curl(running.near, "--cacert", running.directory / "old.pem", f"https://{SERVER}/boot.ipxe")[0] == 200


@pytest.mark.parametrize("spoil, said", [
    (lambda pem, key: key.chmod(0o644), "{key}: everybody on this machine may read this key"),
    (lambda pem, key: key.unlink(), "{key}: No such file"),
    (lambda pem, key: pem.write_text("x"), "{pem}: no certificate in PEM form"),
])
def test_it_does_not_start_with_files_that_are_wrong(site, spoil, said):  # noqa: F811
    pem, key = make_certificate(site, "wrong")
    spoil(pem, key)
    config = site.directory / "wrong.toml"
    config.write_text(f'[server]\nuser = "nobody"\nstate = "{site.directory}/other"\nsocket = "{site.directory}/o"\n'
                      f'[http]\ntls_port = 4443\ntls_certificate = "{pem}"\ntls_key = "{key}"\n')
    serve = subprocess.run(["unshare", "-n", site.program, "serve", "--config", config], capture_output=True,
                           text=True, timeout=20)
    assert serve.returncode == 1 and said.format(pem=pem, key=key) in serve.stderr
    assert serve.stderr.count("\n") == 1
    check = bootferry(site, "check", "--config", config)
    assert check.returncode == 1 and said.format(pem=pem, key=key).split(": ")[1] in check.stdout
