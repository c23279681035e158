# SPDX-License-Identifier: GPL-3.0-or-later
"""The management API from outside: curl over the Unix socket and over TLS, as people of
different roles, and what is refused."""
import array
import hashlib
import json
import pathlib
import pwd
import secrets
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from boot_site import SERVER, Site

DEVICE = {"name": "pc-1", "macs": ["52:54:00:00:00:01"]}


class Api:
    """A running server; call() is curl over its socket."""

    def __init__(self, site):
        self.site = site
        self.socket = site.directory / "run/control"

    def curl(self, *arguments, user=None, stdin=None):
        """Status, header fields in lower case, body."""
        prefix = ["setpriv", "--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"] if user else []
        done = subprocess.run([*prefix, "curl", "-sS", "-i", "--max-time", "20", *map(str, arguments)],
                              capture_output=True, input=stdin, timeout=60)
        assert done.returncode == 0, done.stderr
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, body = body.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        return int(lines[0].split()[1]), fields, body

    def call(self, method, path, body=None, *more, user=None):
        data = []
        if body is not None:
            data = ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        status, fields, text = self.curl("--unix-socket", self.socket, "-X", method, *data, *more,
                                         f"http://localhost{path}", user=user)
        return status, fields, json.loads(text) if "json" in fields.get("content-type", "") else text

    def problem(self, method, path, body=None, *more, user=None):
        """«in-use /field» of a refusal, after a look at its document."""
        status, fields, document = self.call(method, path, body, *more, user=user)
        assert status >= 400, document
        assert fields["content-type"] == "application/problem+json"
        assert document["status"] == status and document["title"] and document["detail"]
        kind = document["type"].removeprefix("urn:bootferry:problem:")
        return f"{kind} {document['field']}" if "field" in document else kind

    def job(self, number):
        for _ in range(1000):
            job = self.call("GET", f"/v1/jobs/{number}")[2]
            if job["state"] != "running":
                return job
            time.sleep(0.01)
        raise AssertionError("the job never ends")


class SmallSite(Site):
    """Without networks of clients: the API alone is asked."""

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.server], check=True)
        subprocess.run(["ip", "-n", self.server, "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "-n", self.server, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"],
                       check=True)
        subprocess.run(["ip", "-n", self.server, "addr", "add", f"{SERVER}/24", "dev", "eth0"], check=True)
        subprocess.run(["ip", "-n", self.server, "link", "set", "eth0", "up"], check=True)
        subprocess.run(["ip", "-n", self.server, "link", "set", "eth1", "up"], check=True)
        return self


def token(role):
    """A secret, and the line of the file by which the server knows it."""
    secret = secrets.token_hex(32)
    return secret, f"{role} {role} {hashlib.sha256(secret.encode()).hexdigest()}"


@pytest.fixture(scope="module")
def api():
    with SmallSite() as site:
        pem, key = site.directory / "tls.pem", site.directory / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "90", "-subj", "/CN=boot", "-addext",
                        f"subjectAltName=IP:{SERVER}", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-keyout", key, "-out", pem], check=True, capture_output=True)
        key.chmod(0o600)
        site.tokens = {role: token(role) for role in ("viewer", "helpdesk", "administrator")}
        (site.directory / "tokens").write_text("# who may\n" + "\n".join(line for _, line in site.tokens.values()))
        site.serve('interfaces = ["eth0"]\n'
                   f'[http]\ntls_certificate = "{pem}"\ntls_key = "{key}"\n'
                   f'[api]\nhelpdesk = ["games"]\nviewers = ["@mail"]\ntls_port = 8443\n'
                   f'tokens = "{site.directory}/tokens"\n')
        yield Api(site)
        assert site.process.poll() is None, "the server died"


def test_a_device_by_curl(api):
    status, fields, made = api.call("POST", "/v1/devices", {"name": "pc 7/a", "macs": ["52-54-00-12-34-56"]})
    assert status == 201 and fields["location"] == "/v1/devices/pc%207%2Fa"
    assert api.call("GET", fields["location"])[2] == made
    assert api.call("GET", "/v1/devices/525400123456")[2] == made
    assert fields["etag"] == f'"{made["revision"]}"'
    status, _, patched = api.call("PATCH", fields["location"], {"name": "pc-7", "variables": {"K": "V"}})
    assert status == 200 and patched["variables"] == {"K": "V"}
    assert api.call("DELETE", "/v1/devices/pc-7")[0] == 204
    assert api.problem("GET", "/v1/devices/pc-7") == "not-found"
    events = api.call("GET", "/v1/events?last=3")[2]["items"]
    assert [(e["verb"], e["who"]) for e in events] == [("created", "root"), ("changed", "root"), ("removed", "root")]


def test_roles_over_the_unix_socket(api):
    assert oct(api.socket.stat().st_mode & 0o777) == "0o666", "others than the group have roles"
    # games: helpdesk; mail by its group: viewer; daemon: nobody.
    assert api.call("GET", "/v1/devices", user="games")[0] == 200
    assert api.call("GET", "/v1/devices", user="mail")[0] == 200
    assert api.problem("GET", "/v1/devices", user="daemon") == "forbidden"
    assert api.problem("POST", "/v1/devices", DEVICE, user="mail") == "forbidden"
    assert api.problem("POST", "/v1/devices", DEVICE, user="games") == "forbidden"
    assert api.call("POST", "/v1/devices?dry_run=true", DEVICE, user="mail")[0] == 200
    assert api.problem("POST", "/v1/pending/9/approve", {}, user="mail") == "forbidden"
    assert api.problem("POST", "/v1/pending/9/approve", {}, user="games") == "not-found"
    assert api.problem("POST", "/v1/devices", DEVICE, user="daemon") == "forbidden"


def test_roles_over_tls(api):
    def ask(method, path, secret=None, body=None):
        more = ["-H", f"Authorization: Bearer {secret}"] if secret else []
        if body is not None:
            more += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        done = subprocess.run(["ip", "netns", "exec", api.site.server, "curl", "-sS", "--max-time", "20", "--cacert",
                               api.site.directory / "tls.pem", "-X", method, "-w", "%{stderr}%{http_code}", *more,
                               f"https://{SERVER}:8443{path}"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return int(done.stderr), json.loads(done.stdout or "null")
    known = {role: secret for role, (secret, _) in api.site.tokens.items()}
    assert ask("GET", "/v1/devices")[0] == 401
    assert ask("GET", "/v1/devices", "wrong")[0] == 401
    assert ask("POST", "/v1/devices", "wrong", DEVICE)[1]["type"] == "urn:bootferry:problem:unauthorized"
    assert ask("GET", "/v1/devices", known["viewer"])[0] == 200
    assert ask("POST", "/v1/devices", known["viewer"], DEVICE)[0] == 403
    assert ask("POST", "/v1/devices", known["helpdesk"], DEVICE)[0] == 403
    assert ask("POST", "/v1/devices", known["administrator"], DEVICE)[0] == 201
    assert api.call("GET", "/v1/events?last=1")[2]["items"][0]["who"] == "token administrator"
    assert ask("DELETE", "/v1/devices/pc-1", known["administrator"])[0] == 204
    # Files open beside a request cannot come this way.
    assert ask("POST", "/v1/images", known["administrator"], {"name": "x", "files": ["a"]})[1]["field"] == "/files"


def test_a_lost_update_is_refused(api):
    etag = api.call("POST", "/v1/collections", {"name": "lab"})[1]["etag"]
    assert api.call("PUT", "/v1/collections/lab", {"rule": "arch x64"}, "-H", f"If-Match: {etag}")[0] == 200
    status, _, document = api.call("PUT", "/v1/collections/lab", {}, "-H", f"If-Match: {etag}")
    assert status == 412 and document["type"].endswith(":stale")
    assert api.call("GET", "/v1/collections/lab")[2]["rule"] == "arch x64"
    assert api.problem("PUT", "/v1/collections/lab", {}, "-H", "If-None-Match: *") == "stale"
    assert api.call("DELETE", "/v1/collections/lab")[0] == 204


def test_bad_input_changes_nothing(api):
    for body in ({"name": "a"}, {"name": "b", "includes": ["a"]}):
        assert api.call("POST", "/v1/collections", body)[0] == 201
    assert api.call("POST", "/v1/servers", {"name": "me", "address": SERVER})[0] == 201
    before = api.call("GET", "/v1/model")[2]
    assert api.problem("POST", "/v1/devices", {"name": "x", "macs": ["no"]}) == "invalid /macs/0"
    assert api.problem("POST", "/v1/devices", {**DEVICE, "collections": ["none"]}) == "invalid /collections/0"
    assert api.problem("POST", "/v1/devices", {**DEVICE, "state": 7}) == "invalid /state"
    rule = {"name": "c", "rule": "arch x64 and colour red"}
    assert api.problem("POST", "/v1/collections", rule) == "invalid /rule"
    assert "at character 14" in api.call("POST", "/v1/collections", rule)[2]["detail"]
    assert api.problem("PATCH", "/v1/collections/a", {"includes": ["b"]}) == "contradiction /includes"
    itself = {"name": "r", "shares": [{"server": "me"}]}
    assert api.problem("POST", "/v1/referrals", itself) == "contradiction /shares", "a referral to itself"
    assert api.problem("POST", "/v1/networks", {"name": "n", "subnet": "10.0.0.0/8", "maintenance":
                       ["Sat 22:00-Sun 06:00", "Sun 05:00-Sun 07:00"]}).startswith("invalid /maintenance")
    assert api.problem("DELETE", "/v1/collections/a") == "in-use"
    assert api.problem("PUT", "/v1/devices", {}) == "method-not-allowed"
    assert api.problem("GET", "/v1/cats") == "no-such-path"
    assert api.problem("GET", "/v1/devices?limt=1") == "malformed ?limt"
    # Of the wrong type: what curl sends where nothing else is said.
    status, _, body = api.curl("--unix-socket", api.socket, "-d", "name=x", "http://localhost/v1/devices")
    assert status == 415 and json.loads(body)["type"].endswith(":unsupported-media-type")
    assert api.call("GET", "/v1/model")[2] == before


def test_bodies_have_a_bound(api):
    large = b'{"name": "' + b"x" * (17 << 20) + b'"}'
    status, fields, body = api.curl("--unix-socket", api.socket, "-H", "Content-Type: application/json", "--data-binary",
                                    "@-", "http://localhost/v1/devices", stdin=large)
    assert status == 413 and fields["content-type"] == "application/problem+json"
    assert json.loads(body)["type"].endswith(":too-large")
    assert api.call("GET", "/v1/devices")[0] == 200


def test_lists_page(api):
    for i in range(25):
        assert api.call("POST", "/v1/devices", {"name": f"page-{i}", "macs": [f"52:54:00:00:02:{i:02x}"]})[0] == 201
    seen, after = [], "0"
    while after:
        page = api.call("GET", f"/v1/devices?limit=10&q=page-&after={after}")[2]
        seen += [item["name"] for item in page["items"]]
        after = page.get("next")
    assert seen == [f"page-{i}" for i in range(25)]


def test_an_import_names_its_bad_lines(api):
    def send(text, query=""):
        status, _, body = api.curl("--unix-socket", api.socket, "-H", "Content-Type: text/csv", "--data-binary", "@-",
                                   f"http://localhost/v1/devices/import?format=csv{query}", stdin=text.encode())
        assert status == 202, body
        return api.job(json.loads(body)["job"])
    bad = send("name,mac\ni-1,52:54:00:00:03:01\ni-2,no\ni-3,52:54:00:00:03:03\n")
    assert bad["state"] == "failed" and [line["line"] for line in bad["problem"]["lines"]] == [3]
    assert api.problem("GET", "/v1/devices/i-1") == "not-found", "all or nothing"
    good = "name,mac\n" + "".join(f"i-{i},52:54:00:00:03:{i:02x}\n" for i in range(100))
    assert send(good, "&dry_run=true")["result"]["created"] == 100
    assert api.problem("GET", "/v1/devices/i-1") == "not-found"
    assert send(good)["result"] == {"created": 100, "changed": 0, "unchanged": 0}
    assert send(good)["result"] == {"created": 0, "changed": 0, "unchanged": 100}


def test_an_image_by_open_files(api):
    kernel = api.site.directory / "linux"
    kernel.write_bytes(api.site.kernel)
    body = json.dumps({"name": "debian", "kernel": "linux", "files": ["linux"]}).encode()
    head = b"POST /v1/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.socket(socket.AF_UNIX) as client, open(kernel, "rb") as file:
        client.connect(str(api.socket))
        client.sendmsg([head + body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))])
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 202 Accepted"), answer
    job = api.job(json.loads(answer.partition(b"\r\n\r\n")[2])["job"])
    assert job["state"] == "done" and job["done"] == job["total"] == len(api.site.kernel)
    assert api.call("GET", "/v1/images/debian")[2]["kernel"] == "images/debian/1/linux"
    dry = api.call("POST", "/v1/deployments?dry_run=true", {"name": "d", "image": "debian", "to": "unknown"})[2]
    assert (dry["machines"], dry["unknown"]) == (0, True)
    assert api.call("DELETE", "/v1/images/debian")[0] == 204


def test_slow_clients_hold_up_nobody(api):
    slow = []
    for _ in range(20):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(api.socket))
        client.sendall(b"POST /v1/devices HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        slow.append(client)
    begun = time.monotonic()
    for _ in range(10):
        assert api.call("GET", "/v1/settings")[0] == 200
    assert time.monotonic() - begun < 5
    for client in slow:
        client.close()


def test_backup_status_and_problems(api, tmp_path):
    status, fields, body = api.call("GET", "/v1/backup")
    assert status == 200 and fields["content-type"] == "application/octet-stream"
    (tmp_path / "copy.db").write_bytes(body)
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM devices").fetchone()[0] > 0
    state = api.call("GET", "/v1/status")[2]
    assert state["pid"] and "TCP 8443 management API" in state["services"]
    assert api.call("GET", "/v1/queue")[2] == {"items": []}
    assert isinstance(api.call("GET", "/v1/problems")[2]["items"], list)


def test_replies_fit_the_document(api):
    jsonschema = pytest.importorskip("jsonschema")
    document = api.call("GET", "/v1/openapi.json")[2]
    assert document == json.loads((pathlib.Path(__file__).parents[2] / "docs/openapi.json").read_text())
    api.call("POST", "/v1/devices", {"name": "fits", "macs": ["52:54:00:00:04:01"]})
    for path, item in document["paths"].items():
        if "get" not in item or "{" in path:
            continue
        content = item["get"]["responses"]["200"]["content"]
        if "application/json" not in content:
            continue
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(api.call("GET", path)[2], schema)


def test_tokens_are_read_again(api):
    secret, line = token("helpdesk")
    (api.site.directory / "tokens").write_text(line)
    api.site.process.send_signal(signal.SIGHUP)
    for _ in range(100):
        done = subprocess.run(["ip", "netns", "exec", api.site.server, "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                               "--cacert", api.site.directory / "tls.pem", "-H", f"Authorization: Bearer {secret}",
                               f"https://{SERVER}:8443/v1/settings"], capture_output=True, text=True, timeout=60)
        if done.stdout == "200":
            break
        time.sleep(0.05)
    assert done.stdout == "200", done


def test_the_socket_goes_with_the_server(api):
    api.site.stop()
    assert not api.socket.exists()
    api.site.serve('interfaces = ["eth0"]\n')
    assert oct(api.socket.stat().st_mode & 0o777) == "0o660"
    assert api.call("GET", "/v1/devices")[0] == 200
