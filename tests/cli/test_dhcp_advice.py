# SPDX-License-Identifier: GPL-3.0-or-later
"""What dhcp-advice prints is taken by the DHCP servers that it is for."""

import json
import os
import shutil
import subprocess

import pytest
from cli_site import bootferry, one_line

HERE = "10.238.0.2"
ARRANGEMENTS = {
    "beside": "",
    "shim": '[boot]\nunknown_uefi = "shim"\n',
    "same host": "[services]\nproxydhcp = false\n",
    "files": "[services]\nproxydhcp = false\nboot_service = false\n",
    "files, shim": '[services]\nproxydhcp = false\nboot_service = false\n[boot]\nunknown_uefi = "shim"\n',
}


def advice(site, server, configuration="", *more):
    site.config.write_text(configuration)
    result = bootferry("dhcp-advice", "--server", server, "--config", site.config, "--here", HERE, "--json", *more)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)[server]


def to_set(sections):
    [section] = [s for s in sections if s["id"] == "set"]
    return section["text"]


def kea_takes(site, text):
    config = site.directory / "kea.conf"
    config.write_text('{ "Dhcp4": {\n"interfaces-config": { "interfaces": [] },\n'
                      '"lease-database": { "type": "memfile", "persist": false },\n'
                      '"subnet4": [ { "subnet": "10.238.0.0/24", "pools": [ { "pool": "10.238.0.100-10.238.0.199" } ] } ]'
                      + (",\n" + text if text else "") + "\n} }\n")
    env = {**os.environ, "KEA_LOCKFILE_DIR": str(site.directory), "KEA_PIDFILE_DIR": str(site.directory)}
    return subprocess.run(["kea-dhcp4", "-t", config], capture_output=True, text=True, timeout=30, env=env)


def isc_takes(site, text):
    config = site.directory / "dhcpd.conf"
    config.write_text(text + "\nsubnet 10.238.0.0 netmask 255.255.255.0 { range 10.238.0.100 10.238.0.199; }\n")
    return subprocess.run(["dhcpd", "-t", "-cf", config], capture_output=True, text=True, timeout=30)


def dnsmasq_takes(site, text):
    config = site.directory / "dnsmasq.conf"
    config.write_text("dhcp-range=10.238.0.100,10.238.0.199\n" + text + "\n")
    return subprocess.run(["dnsmasq", "--test", f"--conf-file={config}"], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("server, binary, takes", [
    ("kea", "kea-dhcp4", kea_takes), ("isc", "dhcpd", isc_takes), ("dnsmasq", "dnsmasq", dnsmasq_takes)])
def test_the_servers_take_what_is_to_be_set(site, server, binary, takes, arrangement):
    if not shutil.which(binary):
        pytest.skip(f"{binary} is not installed")
    text = to_set(advice(site, server, ARRANGEMENTS[arrangement]))
    assert bool(text) == (arrangement != "beside")
    checked = takes(site, text)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert takes(site, text + "\n{{").returncode != 0, "the check itself finds what is wrong"


def test_the_detecting_program_of_a_referral_of_the_second_order(site):
    site.state.mkdir()
    assert "program add" in one_line(
        bootferry("dhcp-advice", "--second-order", "--here", HERE, "--state", site.state), 1)
    file = site.directory / "wdsnbp.com"
    file.write_bytes(b"program")
    site.good("program", "add", "--arch", "bios", "--name", "finder", "--role", "detect", file)
    for server, takes in [("kea", kea_takes), ("isc", isc_takes), ("dnsmasq", dnsmasq_takes)]:
        text = to_set(advice(site, server, "", "--second-order", "--state", site.state))
        assert "wdsnbp.com" in text and HERE in text and "ipxe" not in text
        if shutil.which({"kea": "kea-dhcp4", "isc": "dhcpd"}.get(server, server)):
            assert takes(site, text).returncode == 0


def test_relays_pass_questions_to_both_servers(site):
    sections = advice(site, "kea", "", "--relay", "10.239.0.1", "--relay", "10.240.0.1", "--dhcp-address", "10.238.0.1")
    relays = [s for s in sections if s["id"] == "relay"]
    assert len(relays) == 2 and "10.239.0.1" in relays[0]["title"]
    assert f"ip helper-address {HERE}" in relays[0]["text"] and "ip helper-address 10.238.0.1" in relays[0]["text"]


def test_what_is_wrong_goes_first_and_the_narrow_before_the_wide(site):
    for server in ("kea", "isc", "dnsmasq", "windows"):
        sections = advice(site, server)
        assert [s["id"] for s in sections] == ["remove", "set", "reach"]
    windows = advice(site, "windows")[0]
    text = windows["text"]
    assert text.index("-ScopeId $_.ScopeId -OptionId") < text.index("foreach ($id in 60,66,67) { Remove")
    assert text.index("Remove-DhcpServerv4OptionValue") < text.index("Remove-DhcpServerv4OptionDefinition")
    assert "Unknown" in windows["why"]


def test_as_text_for_all_of_them(site):
    said = bootferry("dhcp-advice", "--here", HERE, "--state", site.state).stdout
    assert [line for line in said.splitlines() if line.startswith("## ")] == [
        "## kea", "## isc", "## dnsmasq", "## windows"]


def test_usage():
    assert "no IPv4 address" in one_line(bootferry("dhcp-advice", "--relay", "here"), 2)
