# SPDX-License-Identifier: GPL-3.0-or-later
"""The program from outside: what is typed, what is said, which exit code."""

import contextlib
import json
import os
import pathlib
import pty
import socket
import subprocess
import time

import cli_site
import pytest
from cli_site import MAC, ROOT, Server, bootferry, fake_kernel, one_line


def test_an_image_from_add_to_remove(site):
    assert "bootferry deploy debian --to MAC" in site.add()
    [image] = site.json("image", "list")
    assert image["name"] == "debian" and image["kind"] == "linux"
    shown = site.json("image", "show", "debian")
    facts = shown.pop("facts")["kernel"]
    assert shown == image and (facts["arch"], facts["version"]) == ("x64", "6.1.0-test")
    text = site.good("image", "show", "debian")
    assert "debian" in site.good("image", "list") and "initrd.gz" in text and "6.1.0-test" in text

    deployed = site.json("deploy", "debian", "--to", MAC.replace(":", "-"))
    assert deployed["to"] == {"device": MAC.replace(":", "-")} and deployed["purpose"] == "required"
    assert site.json("deployment", "list") == site.json("deploy", "--list") == [deployed]
    assert "debian to 52-54-00-12-34-56" in one_line(site.run("image", "remove", "debian"), 1)
    site.good("undeploy", MAC)
    site.good("image", "remove", "debian")
    assert site.json("image", "list") == []


def test_all_warns_and_always_prompts(site):
    site.add()
    result = site.run("deploy", "debian", "--to", "all", "--json")
    assert result.returncode == 0 and "every machine" in result.stderr
    assert json.loads(result.stdout)["asks"] is True
    assert site.run("deploy", "debian", "--to", "all", "--yes").stderr == ""


def test_a_tree_with_links_inside(site):
    tree = site.tree()
    (tree / "initrd").symlink_to("boot/initrd.gz")
    (tree / "again").symlink_to("boot")
    site.good("image", "add", "tree", "--tree", tree)
    image = site.json("image", "show", "tree")
    assert image["kernel"].endswith("/boot/linux") and image["command_line"] == "quiet"
    assert "again/linux" in [file["name"] for file in site.json("image", "files", "tree")]


def test_programs(site):
    program = site.directory / "boot.efi"
    program.write_bytes(b"program")
    site.good("program", "add", "--arch", "riscv64", program)
    [listed] = site.json("program", "list")
    assert listed["arch"] == "riscv64" and listed["path"].endswith("boot.efi")
    site.good("program", "remove", "riscv64")
    assert site.json("program", "list") == []


@pytest.mark.parametrize("arguments", [
    [], ["nothing"], ["image"], ["image", "add"], ["image", "add", "x"], ["image", "add", "x", "--initrd", "y"],
    ["image", "list", "--bogus"], ["image", "list", "--state", "/a", "--socket", "/b"],
    ["deploy"], ["deploy", "x"], ["deploy", "x", "--to", "12:34"], ["deploy", "x", "--list"],
    ["program", "add", "--arch", "z80", "/x"], ["status", "--state", "/x"], ["queue", "--state", "/x"],
    ["serve", "--log-level", "loud"],
])
def test_wrong_usage_is_exit_code_2(arguments):
    one_line(bootferry(*arguments), 2)


@pytest.mark.parametrize("text, said", [
    ("[tftp]\n\nmax_windowsiz = 4\n",
     ':3: tftp.max_windowsiz: unknown key (did you mean "tftp.max_windowsize"?)'),
    ("[http]\nport = \"80\"\n", ":2: http.port: must be a whole number from 1 to 65535"),
    ("[http]\nport = \n", ":2: not valid TOML"),
])
def test_configuration_errors_name_file_line_and_key(site, text, said):
    check = site.configure(text)
    assert check.returncode == 1 and f"{site.config}{said}" in check.stdout
    for command in (["serve"], ["image", "list"]):
        assert f"{site.config}{said}" in one_line(bootferry(*command, "--config", site.config), 1)


def test_a_missing_interface_is_named(site):
    check = site.configure('[server]\ninterfaces = ["eth99"]\nuser = ""\n')
    assert check.returncode == 1
    assert "interface eth99" in check.stdout and "does not exist" in check.stdout


def test_a_port_in_use_is_named_with_its_holder(site):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        check = site.configure(f"[http]\nport = {taken.getsockname()[1]}\n[server]\nuser = \"\"\n")
    assert check.returncode == 1
    assert f"(pid {os.getpid()})" in check.stdout


def test_check_answers_in_json(site):
    result = bootferry("check", "--state", site.state, "--socket", site.directory / "none", "--json")
    findings = json.loads(result.stdout)
    assert {f["where"] for f in findings} >= {"configuration", "UEFI chain"}
    assert result.returncode == (1 if any(f["result"] == "fail" for f in findings) else 0)
    assert not site.state.exists(), "check makes nothing"


@pytest.mark.skipif(not ROOT, reason="hides a folder in a mount namespace: needs root")
def test_an_absent_loader_package_is_named(site):
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /usr/lib/ipxe && exec "$@"', "sh", cli_site.program, "check",
         "--state", site.state, "--socket", site.directory / "none"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "package ipxe is not installed" in result.stdout and "apt install ipxe" in result.stdout


# What goes wrong with an image, and the words that must be there. {0} is the tree.
def _link(name, target):
    return lambda site, tree: (tree / name).symlink_to(target)


def _fifo(site, tree):
    os.mkfifo(tree / "fifo")


@pytest.mark.parametrize("spoil, said", [
    (_link("boot/out", "/etc/passwd"), "{0}/boot/out: a link that leads out of the tree, to /etc/passwd"),
    (_link("up", "../linux"), "{0}/up: a link that leads out of the tree, to ../linux"),
    (_link("gone", "nothing"), "{0}/gone: a link that leads nowhere, to nothing"),
    (_link("boot/circle", ".."), "{0}/boot/circle: a link in a circle"),
    (_fifo, "{0}/fifo: neither a file nor a folder"),
])
def test_trees_that_are_refused_harm_nothing(site, spoil, said):
    site.add("debian")
    before, listed = site.files(), site.json("image", "list")
    tree = site.tree()
    spoil(site, tree)
    for name in ("debian", "fresh"):
        assert said.format(tree) in one_line(site.run("image", "add", name, "--tree", tree), 1)
    assert site.files() == before and site.json("image", "list") == listed


def test_images_that_are_refused_harm_nothing(site):
    site.add("debian")
    before, listed = site.files(), site.json("image", "list")
    text = site.directory / "text"
    text.write_text("hello")
    for arguments, said in [
        (["--kernel", site.directory / "none"], "No such file"),
        (["--kernel", site.directory], "is a folder"),
        (["--kernel", "/dev/zero"], "not a regular file"),
        (["--kernel", text], "not a Linux kernel"),
        (["--kernel", site.kernel, "--initrd", site.directory / "none"], "No such file"),
        (["--tree", site.directory / "none"], "No such file"),
        (["--tree", text], "not a folder"),
    ]:
        assert said in one_line(site.run("image", "add", "debian", *arguments), 1)
    one_line(site.run("image", "add", "../escape", "--kernel", site.kernel), 1)
    one_line(site.run("deploy", "unknown", "--to", MAC), 1)
    assert site.files() == before and site.json("image", "list") == listed


@pytest.mark.skipif(not ROOT, reason="drops to another user: needs root")
def test_a_file_that_may_not_be_read_is_named(site):
    secret = site.directory / "secret"
    secret.write_bytes(fake_kernel())
    secret.chmod(0)
    site.directory.chmod(0o777)
    result = bootferry("image", "add", "x", "--kernel", secret, "--state", site.state, user="nobody")
    assert f"{secret}: Permission denied" in one_line(result, 1)


def test_without_a_server_the_way_out_is_named(site):
    error = one_line(bootferry("image", "list", "--socket", site.directory / "none"), 1)
    assert "no server runs there" in error and "--state" in error
    assert "is not there" in one_line(site.run("image", "list"), 1)
    assert not site.state.exists(), "a mistyped directory must not come into being"


def test_colour_only_on_a_terminal(site):
    def on_terminal(**environment):
        ours, theirs = pty.openpty()
        subprocess.run([cli_site.program, "check", "--state", site.state], stdout=theirs, stderr=theirs, timeout=60,
                       env={**os.environ, **environment})
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(ours, 4096):
                seen += chunk
        os.close(ours)
        return seen
    assert b"\x1b[32mok" in on_terminal(NO_COLOR="")
    assert b"\x1b" not in on_terminal(NO_COLOR="1")
    assert "\x1b" not in bootferry("check", "--state", site.state).stdout


@pytest.mark.skipif(not ROOT, reason="opens ports below 1024: needs root")
def test_a_running_server(site):
    secret = site.directory / "private"
    secret.mkdir(mode=0o700)
    (secret / "linux").write_bytes(fake_kernel())
    (secret / "linux").chmod(0o600)
    site.add("before")  # root's files in a stopped server's state become the server's
    with Server(site) as server:
        # The server may not read these files; it gets them open.
        added = server.run("image", "add", "debian", "--kernel", secret / "linux")
        assert added.returncode == 0, added.stderr
        assert server.run("deploy", "debian", "--to", MAC).returncode == 0
        names = [image["name"] for image in json.loads(server.run("image", "list", "--json").stdout)]
        assert sorted(names) == ["before", "debian"]
        status = json.loads(server.run("status", "--json").stdout)
        assert status["pid"] == server.process.pid and status["services"]
        assert status["queue"] == {"at_once": 0, "loading": 0, "waiting": 0, "longest_wait": 0}
        assert server.run("queue", "--json").stdout == "[]\n"
        assert server.run("queue").stdout == "no machine loads, and none waits\n"
        assert "in use by process" in one_line(site.run("image", "list"), 1)
        assert "permission denied" in one_line(
            bootferry("image", "list", "--socket", server.socket, user="daemon", group="daemon", extra_groups=[]), 1)
        assert {path.owner() for path in site.state.rglob("*")} == {"nobody"}
        rights = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in rights and "NoNewPrivs:\t1" in rights
    assert server.process.returncode == 0, server.log
    assert "POST /v1/images: 202" in server.log
    assert site.json("deployment", "list")[0]["image"] == "debian"


@pytest.mark.skipif(not ROOT, reason="opens ports below 1024: needs root")
def test_a_server_that_dies_in_the_middle_of_a_copy_harms_nothing(site):
    with Server(site) as server:
        assert server.run("image", "add", "debian", "--kernel", site.kernel).returncode == 0
        big = site.directory / "big"
        with open(big, "wb") as file:
            file.truncate(4 << 30)
        adding = subprocess.Popen([cli_site.program, "image", "add", "debian", "--kernel", site.kernel, "--initrd", big,
                                   "--socket", server.socket], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        incoming = site.state / "library/incoming"
        while not any(path.stat().st_size > 10 << 20 for path in incoming.iterdir()) and adding.poll() is None:
            assert time.monotonic() < deadline
        server.process.kill()
        assert adding.wait(timeout=60) == 1
        big.unlink()
    [image] = site.json("image", "list")
    assert image["kernel"].endswith("/1/linux") and image["initrds"] == []
    assert site.good("image", "verify").endswith("all whole\n")


@pytest.mark.skipif(not ROOT, reason="needs root to be asked for another user")
def test_a_user_that_does_not_exist_is_refused(site):
    site.config.write_text(f'[server]\nuser = "no-such-user"\nstate = "{site.state}"\n'
                           f'socket = "{site.directory / "run/control"}"\n')
    error = one_line(subprocess.run(["unshare", "-n", cli_site.program, "serve", "--config", site.config],
                                    capture_output=True, text=True, timeout=20), 1)
    assert "user no-such-user does not exist: adduser --system" in error
