# SPDX-License-Identifier: GPL-3.0-or-later
"""A TFTP client that shares no line with the server: sockets and struct alone.

Also a program, for use inside a network namespace:
    tftp_client.py HOST PORT NAME OUTPUT [key=value ...]   (blksize, windowsize, habit, patience)
"""
import socket
import struct
import sys

RRQ, DATA, ACK, ERROR, OACK = 1, 3, 4, 5, 6


class TftpError(Exception):
    pass


def request(name, options):
    fields = [name, "octet"]
    for key, value in options.items():
        fields += [key, str(value)]
    return struct.pack("!H", RRQ) + b"".join(f.encode() + b"\0" for f in fields)


def parse_oack(packet):
    texts = packet[2:].split(b"\0")[:-1]
    return {texts[i].decode().lower(): int(texts[i + 1]) for i in range(0, len(texts), 2)}


def fetch(host, port, name, habit="strict", patience=1.0, **options):
    """Returns (bytes, granted options, packets received that were not expected)."""
    family, kind, _, _, server = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.settimeout(patience)
        return _fetch(sock, server, name, habit, options)


def _fetch(sock, server, name, habit, options):
    peer, last_sent, granted = None, request(name, options), {}
    blksize, window = 512, 1
    parts, taken, unexpected, told_gap, tries = [], 0, 0, False, 0
    next_ack = None
    sock.sendto(last_sent, server)
    while True:
        try:
            packet, sender = sock.recvfrom(70000)
        except socket.timeout:
            tries += 1
            if tries > 8:
                raise TftpError(f"{name}: no answer after block {taken}")
            sock.sendto(last_sent, peer or server)
            told_gap = False
            if next_ack:
                next_ack = taken + window
            continue
        if peer is None:
            peer = sender
            assert peer[0] == server[0], "an answer from another address than was asked"
        if sender != peer:
            continue
        opcode, number = struct.unpack("!HH", packet[:4])
        if opcode == ERROR:
            raise TftpError(f"{name}: error {number} {packet[4:-1].decode()}")
        if opcode == OACK:
            if not granted:
                granted = parse_oack(packet)
                assert set(granted) <= set(options), "an option that was not asked for"
                blksize, window = granted.get("blksize", 512), granted.get("windowsize", 1)
                next_ack = window
            if taken == 0:
                last_sent = struct.pack("!HH", ACK, 0)
                sock.sendto(last_sent, peer)
            continue
        assert opcode == DATA, packet[:4]
        if next_ack is None:
            next_ack = window
        if number == (taken + 1) & 0xFFFF:
            taken, tries, told_gap = taken + 1, 0, False
            parts.append(packet[4:])
            last = len(packet) - 4 < blksize
            assert len(packet) - 4 <= blksize
            if not last and taken < next_ack:
                continue
        else:
            unexpected += 1
            last = False
            behind_gap = 0 < ((number - taken) & 0xFFFF) < 0x8000
            if habit == "strict" and behind_gap and told_gap:
                continue
            told_gap = behind_gap
        next_ack = taken + window
        last_sent = struct.pack("!HH", ACK, taken & 0xFFFF)
        sock.sendto(last_sent, peer)
        if last:
            return b"".join(parts), granted, unexpected


if __name__ == "__main__":
    host, port, name, output, *pairs = sys.argv[1:]
    wanted = dict(pair.split("=") for pair in pairs)
    how, wait = wanted.pop("habit", "strict"), float(wanted.pop("patience", 1))
    content, _, repeats = fetch(host, int(port), name, how, wait, **wanted)
    with open(output, "wb") as file:
        file.write(content)
    print(repeats)
