# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP clients made by hand, with scapy as an encoder and decoder that is not ours."""

import socket
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

ETH_P_ALL = 3


def _mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


class Client:
    """A network card on a segment that sends what it is told to."""

    def __init__(self, segment, mac="52:54:00:aa:bb:cc"):
        self.mac = mac
        interface = segment.raw_port()
        with segment.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind((interface, 0))

    def close(self):
        self._socket.close()

    def discover(self, *options, xid=0x1234, secs=0, broadcast=True):
        """Sends a DISCOVER with the given options behind the message type."""
        self._send(BOOTP(op=1, xid=xid, secs=secs, flags="B" if broadcast else 0, chaddr=_mac_bytes(self.mac)) /
                   DHCP(options=[("message-type", "discover"), *options, "end"]))

    def discover_pxe(self, arch=7, vendor_class="PXEClient:Arch:00007:UNDI:003000", xid=0x1234,
                     secs=0):
        self.discover(("param_req_list", [1, 3, 6, 43, 54, 60, 66, 67]),
                      ("pxe_client_machine_identifier", b"\0" + bytes(range(16))),
                      ("pxe_client_network_interface", b"\x01\x03\x00"),
                      ("pxe_client_architecture", arch.to_bytes(2, "big")),
                      ("vendor_class_id", vendor_class.encode()), xid=xid, secs=secs)

    def _send(self, message):
        frame = (Ether(src=self.mac, dst="ff:ff:ff:ff:ff:ff") /
                 IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / message)
        self._socket.send(bytes(frame))

    def offers(self, seconds=2.0, xid=0x1234):
        """{server address: DHCP options as a dictionary} of what came back to this
        client in that time (its neighbours see broadcast answers, too)."""
        answers, end = {}, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frame = Ether(self._socket.recv(2048))
            except TimeoutError:
                break
            if (BOOTP in frame and frame[BOOTP].op == 2 and frame[BOOTP].xid == xid
                    and frame[BOOTP].chaddr[:6] == _mac_bytes(self.mac)):
                options = {o[0]: o[1] for o in frame[DHCP].options if isinstance(o, tuple)}
                answers[frame[IP].src] = {**options, "siaddr": frame[BOOTP].siaddr,
                                          "yiaddr": frame[BOOTP].yiaddr,
                                          "file": frame[BOOTP].file.rstrip(b"\0")}
        return answers
