# SPDX-License-Identifier: GPL-3.0-or-later
"""What really went over the wire: one capture per segment."""

import io
import subprocess

# The start of an HTTP request, whatever the length of the TCP header.
HTTP_REQUEST = ("(tcp dst port 80 and (tcp[((tcp[12]&0xf0)>>2):4]=0x47455420"
                " or tcp[((tcp[12]&0xf0)>>2):4]=0x48454144))")
DHCP = "(udp port 67 or udp port 68 or udp port 4011)"


class Capture:
    def __init__(self, segment, name=None):
        self.path = segment.lab.directory / f"{name or segment.short}.pcap"
        # -s 700 keeps DHCP whole and the bulk of a boot small.
        self.process = segment.spawn("tcpdump", "-i", "br0", "-n", "-U", "-s", "700",
                                     "-Z", "root", "-w", self.path, name=f"{segment.short}-tcpdump")
        self.process.wait_for("listening on")

    def lines(self, expression="", *options):
        """tcpdump's one-line descriptions, each beginning with seconds since the epoch."""
        return subprocess.run(["tcpdump", "-n", "-tt", "-r", self.path, *options, expression],
                              capture_output=True, text=True).stdout.splitlines()

    def packets(self, expression=DHCP):
        """The packets that match, decoded by scapy (an encoder that is not ours)."""
        from scapy.all import BOOTP, UDP, PcapReader, bind_layers
        bind_layers(UDP, BOOTP, dport=4011)  # scapy takes 67 and 68 alone for DHCP
        bind_layers(UDP, BOOTP, sport=4011)
        chosen = subprocess.run(["tcpdump", "-n", "-r", self.path, "-w", "-", expression],
                                capture_output=True).stdout
        return list(PcapReader(io.BytesIO(chosen)))

    def http_requests(self):
        """[(time, "GET /path", server)] as the clients sent them."""
        found = []
        for packet in self.packets(HTTP_REQUEST):
            first = bytes(packet["TCP"].payload).split(b"\r\n")[0].decode(errors="replace")
            found.append((float(packet.time), first.rsplit(" ", 1)[0], packet["IP"].dst))
        return found

    def tftp_requests(self):
        """[(time, file, server)]"""
        found = []
        for packet in self.packets("udp dst port 69"):
            payload = bytes(packet["UDP"].payload)
            if payload[:2] == b"\x00\x01":
                name = payload[2:].split(b"\0")[0].decode(errors="replace")
                found.append((float(packet.time), name, packet["IP" if "IP" in packet else "IPv6"].dst))
        return found
