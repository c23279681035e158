# SPDX-License-Identifier: GPL-3.0-or-later
"""Many TFTP clients that give up, each at one of five stages. For use inside a network namespace:
    abandoner.py SERVER LARGE-NAME SMALL-NAME COUNT quiet|closed
SMALL must fit into one window. «quiet» keeps the ports open for as long as standard input is, so
that the server hears nothing; «closed» closes them, so that the kernel answers for them. Prints how
many reached each stage, as JSON, once all did."""
import json
import socket
import struct
import sys

import tftp_client
from tftp_client import ACK, DATA, ERROR, OACK

STAGES = ["request", "oack", "window", "last-block", "error"]


def packet(sock):
    data, peer = sock.recvfrom(70000)
    return struct.unpack("!HH", data[:4]), data, peer


def abandon(server, large, small, stage, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.bind(("", port))
    name = small if stage == "last-block" else large
    sock.sendto(tftp_client.request(name, {"blksize": 1024, "windowsize": 8}), (server, 69))
    if stage == "request":
        return sock
    (opcode, _), _, peer = packet(sock)
    assert opcode == OACK
    if stage == "oack":
        return sock
    sock.sendto(struct.pack("!HH", ACK, 0), peer)
    while True:
        (opcode, number), data, peer = packet(sock)
        assert opcode == DATA
        if stage == "window" and number == 4:
            return sock
        if stage == "error" and number == 4:
            sock.sendto(struct.pack("!HH", ERROR, 3) + b"disk full\0", peer)
            return sock
        if stage == "last-block" and len(data) < 4 + 1024:
            return sock   # it has the file, and says nothing


if __name__ == "__main__":
    server, large, small, count, how = sys.argv[1:]
    done, kept = dict.fromkeys(STAGES, 0), []
    for i in range(int(count)):
        stage = STAGES[i % len(STAGES)]
        sock = abandon(server, large, small, stage, 20000 + i)
        done[stage] += 1
        if how == "closed":
            sock.close()
        else:
            kept.append(sock)
    print(json.dumps(done), flush=True)
    sys.stdin.read()
