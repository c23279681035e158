# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP clients made by hand, with scapy as an encoder and decoder that is not ours."""

import socket
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from .network import Host

ETH_P_ALL = 3
IP_RECVERR = 11  # linux/in.h
XID = 0x1234


def _mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def _network_boot(arch=7, vendor_class="PXEClient:Arch:00007:UNDI:003000"):
    """What makes a DHCP message one of a machine that boots from the network."""
    return [("param_req_list", [1, 3, 6, 43, 54, 60, 66, 67]),
            ("pxe_client_machine_identifier", b"\0" + bytes(range(16))),
            ("pxe_client_network_interface", b"\x01\x03\x00"),
            ("pxe_client_architecture", arch.to_bytes(2, "big")),
            ("vendor_class_id", vendor_class.encode())]


def _fields(message):
    """A DHCP message's options and header fields as one dictionary."""
    options = {o[0]: o[1] for o in message[DHCP].options if isinstance(o, tuple)}
    return {**options, "siaddr": message[BOOTP].siaddr, "yiaddr": message[BOOTP].yiaddr,
            "file": message[BOOTP].file.rstrip(b"\0")}


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

    def discover(self, *options, xid=XID, secs=0, broadcast=True):
        """Sends a DISCOVER with the given options behind the message type."""
        self._send(BOOTP(op=1, xid=xid, secs=secs, flags="B" if broadcast else 0, chaddr=_mac_bytes(self.mac)) /
                   DHCP(options=[("message-type", "discover"), *options, "end"]))

    def discover_pxe(self, xid=XID, secs=0, **kind):
        self.discover(*_network_boot(**kind), xid=xid, secs=secs)

    def _send(self, message):
        frame = (Ether(src=self.mac, dst="ff:ff:ff:ff:ff:ff") /
                 IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / message)
        self._socket.send(bytes(frame))

    def offers(self, seconds=2.0, xid=XID, enough=None):
        """{server address: DHCP options as a dictionary} of what came back to this
        client in that time (its neighbours see broadcast answers, too). Sooner, when
        `enough` servers have answered."""
        answers, end = {}, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and len(answers) != enough:
            self._socket.settimeout(left)
            try:
                frame = Ether(self._socket.recv(2048))
            except TimeoutError:
                break
            if (BOOTP in frame and frame[BOOTP].op == 2 and frame[BOOTP].xid == xid
                    and frame[BOOTP].chaddr[:6] == _mac_bytes(self.mac)):
                answers[frame[IP].src] = _fields(frame)
        return answers


class Station(Host):
    """A machine that has its address already and asks in unicast."""

    def __init__(self, segment, address, mac):
        super().__init__(segment.lab, f"pc{segment.short}")
        self.mac, self.address = mac, address
        self.join(segment, "eth0", f"{address}/24")
        self.ip(f"link set eth0 address {mac}")

    def _ask(self, server, port, request, from_port, seconds):
        """The first answer, as (the address it comes from, datagram); None: there is none,
        ConnectionRefusedError: the port is closed."""
        with self.entered():
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with asking:
            asking.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)  # closed ports show
            asking.bind((self.address, from_port))
            asking.settimeout(seconds)
            asking.sendto(request, (server, port))
            try:
                answer, sender = asking.recvfrom(2048)
            except TimeoutError:
                return None
            return sender[0], answer

    def boot_request(self, server, seconds=2.0, **kind):
        """PXE's second question, on port 4011: (sender, DHCP options), or None."""
        message = (BOOTP(op=1, xid=XID, ciaddr=self.address, chaddr=_mac_bytes(self.mac)) /
                   DHCP(options=[("message-type", "request"), *_network_boot(**kind), "end"]))
        answer = self._ask(server, 4011, bytes(message), 68, seconds)
        return answer and (answer[0], _fields(BOOTP(answer[1])))

    def read_by_tftp(self, server, name, seconds=2.0):
        """The first packet of a file: (sender, packet), or None."""
        return self._ask(server, 69, b"\0\1" + name.encode() + b"\0octet\0", 0, seconds)

    def read_by_http(self, server, name):
        """curl's run; its exit code 7 is a closed port."""
        return self.run("curl", "-sS", f"http://{server}/{name}", check=False)
