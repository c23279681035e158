# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that boot, with scapy as their DHCP codec; prints what they were told as JSON.

    scapy_machine.py discover MAC...               broadcasts on eth0: by MAC, each server's OFFER
    scapy_machine.py ask MAC OWN-ADDRESS SERVER    port 4011: the answer, or null
"""
import json
import socket
import sys
import time

from scapy.all import BOOTP, DHCP, IP, UDP, AsyncSniffer, Ether, RandInt, sendp

SECONDS = 1.5


def request(mac, kind, **fields):
    options = [("message-type", kind), ("max_dhcp_size", 1472),
               ("vendor_class_id", b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"), (94, b"\1\2\1"),
               ("param_req_list", [1, 3, 43, 54, 60, 66, 67, 97]), "end"]
    return BOOTP(chaddr=bytes.fromhex(mac.replace(":", "")), xid=int(RandInt()), flags=0x8000, **fields) / DHCP(
        options=options)


def told(packet):
    options = {o[0]: o[1] for o in packet[DHCP].options if isinstance(o, tuple)}
    return {"type": options["message-type"], "server": options.get("server_id"), "siaddr": packet[BOOTP].siaddr,
            "file": packet[BOOTP].file.rstrip(b"\0").decode() or
            options.get("boot-file-name", b"").rstrip(b"\0").decode()}


def discover(*macs):
    questions = {mac: request(mac, "discover") for mac in macs}
    answers = AsyncSniffer(iface="eth0", filter="udp and src port 67 and dst port 68",
                           lfilter=lambda p: BOOTP in p and p[BOOTP].op == 2)
    answers.start()
    time.sleep(0.3)  # the sniffer's socket opens in its own thread
    for mac, question in questions.items():
        sendp(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") /
              UDP(sport=68, dport=67) / question, iface="eth0", verbose=False)
    time.sleep(SECONDS)
    packets = list(answers.stop())
    return {mac: [told(p) for p in packets if p[BOOTP].xid == question.xid] for mac, question in questions.items()}


def ask(mac, own, server):
    question = request(mac, "request", ciaddr=own)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SECONDS)
        sock.bind((own, 68))
        sock.sendto(bytes(question), (server, 4011))
        try:
            answer = BOOTP(sock.recv(4096))
        except (TimeoutError, ConnectionError):
            return None
    assert answer.xid == question.xid and answer.op == 2
    return told(answer)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print(json.dumps({"discover": discover, "ask": ask}[what](*arguments)))
