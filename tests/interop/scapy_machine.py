# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that boots, with scapy as its DHCP codec; prints what it was told as JSON.

    scapy_machine.py discover MAC [ARCH]           broadcast on eth0: each server's OFFER
    scapy_machine.py ask MAC OWN-ADDRESS SERVER    port 4011: the answer, or null
"""
import json
import socket
import sys
import time

from scapy.all import BOOTP, DHCP, IP, UDP, AsyncSniffer, Ether, RandInt, conf, sendp

SECONDS = 1.5


def request(mac, kind, arch=0, **fields):
    vendor_class = f"PXEClient:Arch:{arch:05}:UNDI:002001".encode()
    options = [("message-type", kind), ("max_dhcp_size", 1472), ("vendor_class_id", vendor_class),
               (93, arch.to_bytes(2, "big")), (94, b"\1\2\1"),
               ("param_req_list", [1, 3, 43, 54, 60, 66, 67, 97]), "end"]
    return BOOTP(chaddr=bytes.fromhex(mac.replace(":", "")), xid=int(RandInt()), flags=0x8000, **fields) / DHCP(
        options=options)


def told(packet):
    options = {o[0]: o[1] for o in packet[DHCP].options if isinstance(o, tuple)}
    return {"type": options["message-type"], "server": options.get("server_id"), "siaddr": packet[BOOTP].siaddr,
            "file": packet[BOOTP].file.rstrip(b"\0").decode() or
            options.get("boot-file-name", b"").rstrip(b"\0").decode()}


def discover(mac, arch=0):
    question = request(mac, "discover", arch)
    answers = AsyncSniffer(iface="eth0", filter="udp and src port 67 and dst port 68",
                           lfilter=lambda p: BOOTP in p and p[BOOTP].op == 2 and p[BOOTP].xid == question.xid)
    answers.start()
    time.sleep(0.3)  # the sniffer's socket opens in its own thread
    sendp(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") /
          UDP(sport=68, dport=67) / question, iface="eth0", verbose=False)
    time.sleep(SECONDS)
    return [told(packet) for packet in answers.stop()]


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
    conf.checkIPaddr = False
    what, *arguments = sys.argv[1:]
    if what == "discover":
        found = discover(arguments[0], *map(int, arguments[1:]))
    else:
        found = ask(*arguments)
    print(json.dumps(found))
