# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a boot as the wire shows them: no server's own account of itself."""

from .capture import DHCP

DHCP_MESSAGES = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 5: "ACK", 6: "NAK"}
REPEAT = 2.0  # seconds: a size probe or a retransmission, not a new step


def _dhcp_steps(capture, mac):
    for packet in capture.packets(DHCP):
        if "BOOTP" not in packet or packet["BOOTP"].chaddr[:6] != bytes.fromhex(mac.replace(":", "")):
            continue
        kind = next((o[1] for o in packet["DHCP options"].options if o[0] == "message-type"), None)
        what = DHCP_MESSAGES.get(kind, f"message {kind}")
        if packet["UDP"].sport == 4011 or packet["UDP"].dport == 4011:
            what += " (port 4011)"
        if packet["BOOTP"].op == 2:
            what += f" from {packet['IP'].src}"
            # The file may be in option 67 or in the header; UEFI prefers the option.
            option = next((o[1] for o in packet["DHCP options"].options if o[0] == "boot-file-name"), b"")
            name = (option or packet["BOOTP"].file).rstrip(b"\0").decode(errors="replace")
            what += f": {name}" if name else ""
        yield float(packet.time), what
def steps(capture, mac, since):
    """[(seconds after `since`, what)], in order, without immediate repeats. A second
    DISCOVER some seconds later stays: that is the next loader with a DHCP round of its own."""
    found = [*_dhcp_steps(capture, mac),
             *((t, f"TFTP {name} from {host}") for t, name, host in capture.tftp_requests()),
             *((t, f"HTTP {request} from {host}") for t, request, host in capture.http_requests())]
    last_seen, ordered = {}, []
    for moment, what in sorted(found):
        if moment >= since:
            if moment - last_seen.get(what, 0) > REPEAT:
                ordered.append((moment - since, what))
            last_seen[what] = moment
    return ordered
