#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the octets of dhcp4/scapy-*.txt and tftp/scapy-*.txt with scapy, an encoder that
is not ours. Run it after a change here; the expected texts in the files are kept.
test_scapy_goldens.py makes sure that the files' octets are still what this script makes."""

from pathlib import Path
from uuid import UUID

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.tftp import (TFTP, TFTP_ACK, TFTP_DATA, TFTP_ERROR, TFTP_OACK, TFTP_RRQ, TFTP_WRQ, TFTP_Option,
                               TFTP_Options)
from scapy.packet import Raw

HERE = Path(__file__).parent
COOKIE = b"\x63\x82\x53\x63"


def dhcp(options, size=300, mac="00:15:5d:3c:d0:4c", **frame):
    """A message of `size` octets at least; the options close with END unless told otherwise."""
    chaddr = bytes.fromhex(mac.replace(":", "")) + bytes(10)
    end = [] if options and options[-1] == "no-end" else ["end"]
    options = [o for o in options if o != "no-end"]
    octets = bytes(BOOTP(chaddr=chaddr, options=COOKIE, **frame) / DHCP(options=options + end))
    return octets + bytes(max(0, size - len(octets)))


def tlvs(*items, end=b"\xff"):
    return b"".join(bytes([code, len(value)]) + value for code, value in items) + end


def machine_id(uuid):
    return (97, b"\0" + UUID(uuid).bytes_le)


def words(text):
    return bytes.fromhex(text.replace(" ", ""))


def rrq(name, *options, write=False):
    body = (TFTP_WRQ if write else TFTP_RRQ)(filename=name, mode="octet")
    return bytes(TFTP() / body / TFTP_Options(options=[TFTP_Option(oname=n, value=v) for n, v in options]))


def oack(*options):
    return bytes(TFTP() / TFTP_OACK() / TFTP_Options(options=[TFTP_Option(oname=n, value=v) for n, v in options]))


def ack(block):
    return bytes(TFTP() / TFTP_ACK(block=block))


def data(block, payload):
    return bytes(TFTP() / TFTP_DATA(block=block) / Raw(payload))


def error(code, text):
    return bytes(TFTP() / TFTP_ERROR(errorcode=code, errormsg=text))


# --- ConfigMgr distribution point with WDS -------------------------------------------------
XID = 0x5E3CD04C
CLIENT, DHCP_HOST, PXE_HOST = "10.238.0.3", "10.238.0.14", "10.238.0.2"
GUID = machine_id("32E5B71A-B626-4A4B-902E-7F94AD38B5B3")
ROM_LIST = ("param_req_list", [1, 2, 3, 5, 6, 11, 12, 13, 15, 16, 17, 18, 43, 54, 60, 67, *range(128, 136)])
ROM_IS = [GUID, (93, b"\0\0"), (94, b"\1\2\1"), ("vendor_class_id", b"PXEClient:Arch:00000:UNDI:002001")]
DAY = 86400
LEASE = [("renewal_time", 4 * DAY), ("rebinding_time", 7 * DAY), ("lease_time", 8 * DAY), ("server_id", DHCP_HOST)]
# Windows counts the NUL behind the name in: the trace's 3 octets of padding show it.
SITE = [("router", "10.238.0.29"), ("name_server", DHCP_HOST), ("domain", b"SC.LOCAL\0")]
MASK = ("subnet_mask", "255.255.0.0")
WDS_IS = [("server_id", PXE_HOST), GUID, ("vendor_class_id", b"PXEClient")]

CONFIGMGR = ("""A BIOS machine, a Windows DHCP server and a ConfigMgr distribution point (WDS) on one segment.
Rebuilt from a published network trace: addresses, xid, option order of the replies, the
ROM's parameter list and its 548 octets are the trace's. The order of options in the
ROM's own packets, its UNDI version and the value of option 250 are not in it: assumed.""", [
    ("DISCOVER: the ROM fills 548 octets",
     dhcp([("message-type", "discover"), ROM_LIST, ("max_dhcp_size", 1260), *ROM_IS], size=548, xid=XID)),
    ("OFFER of WDS: no address, no file, only that it is there",
     dhcp([("message-type", "offer"), *WDS_IS], op=2, xid=XID, siaddr=PXE_HOST)),
    ("OFFER of the DHCP server",
     dhcp([("message-type", "offer"), MASK, *LEASE, *SITE], op=2, xid=XID, yiaddr=CLIENT, siaddr=DHCP_HOST)),
    ("REQUEST",
     dhcp([("message-type", "request"), ("requested_addr", CLIENT), ROM_LIST, ("max_dhcp_size", 1260),
           ("server_id", DHCP_HOST), *ROM_IS], size=548, xid=XID, secs=4)),
    ("ACK of the DHCP server: siaddr is zero now",
     dhcp([("message-type", "ack"), *LEASE, MASK, *SITE], op=2, xid=XID, yiaddr=CLIENT)),
    ("REQUEST to port 4011, from the leased address",
     dhcp([("message-type", "request"), ROM_LIST, ("max_dhcp_size", 1260), *ROM_IS], size=548, xid=XID, secs=4,
          ciaddr=CLIENT)),
    ("ACK from port 4011 with the boot program",
     dhcp([("message-type", "ack"), *WDS_IS, (250, tlvs((14, b"\0")))], op=2, xid=XID, secs=4, ciaddr=CLIENT,
          siaddr=PXE_HOST, file=b"smsboot\\x86\\wdsnbp.com")),
])

# --- WDS boot programs ----------------------------------------------------------------------
POLL_X64 = words("0c0101 0d020800 01020007 0e0101 050400000011 ff")
POLL_X86 = words("0d020800 0e0101 01020006 050400000006 ff")
POLL_VISTA = words("01020006 ff")
BCD = b"\\Boot\\x64\\default.bcd\0"
SMS = b"\\SMSTemp\\2014.09.04.11.30.39.0001.{32E5B71A-B626-4A4B-902E-7F94AD38B5B3}.boot"


def poll(block, **frame):
    """A request as wdsnbp.com sends it: from the leased address to port 4011."""
    return dhcp([("message-type", "request"), (250, block), *ROM_IS], xid=XID, ciaddr=CLIENT, **frame)


def reply(*options, file=b"boot\\x86\\wdsnbp.com"):
    return dhcp([("message-type", "ack"), *WDS_IS, *options], op=2, xid=XID, ciaddr=CLIENT, siaddr=PXE_HOST, file=file)


WDSNBP = ("""What wdsnbp.com asks on port 4011. The three values of option 250 that are called genuine
are those of real clients, quoted in public tools; the packets around them are made up.""", [
    ("genuine: wdsnbp.com on an x64 machine", poll(POLL_X64)),
    ("genuine: wdsnbp.com on an x86 machine", poll(POLL_X86)),
    ("genuine: the wdsnbp.com of 2007", poll(POLL_VISTA)),
    ("no end, a code that nobody named, one that nobody uses, a prompt without a name",
     poll(tlvs((1, b"\0\7"), (200, b"\xde\xad"), (10, b""), (12, b"\x09"), end=b""))),
    ("values of a wrong length are kept beside those that can be read",
     poll(tlvs((1, b"\7"), (13, b"\0\0\x0a\0"), (5, b"\0\0\0\x11"), (7, b"\1"), (16, b"")))),
    ("a code twice: refused", poll(tlvs((5, b"\0\0\0\x11"), (5, b"\0\0\0\x12")))),
    ("a length behind the end: refused", poll(tlvs((1, b"\0\7"), end=b"\5\4\0\0"))),
])

# --- a ROM's own menu -----------------------------------------------------------------------
def entry(kind, text):
    return kind.to_bytes(2, "big") + bytes([len(text)]) + text


def at_pxe_host(*kinds):
    return b"".join(kind.to_bytes(2, "big") + b"\1" + words("0aee0002") for kind in kinds)


ITEM = (43, tlvs((71, words("8002 0000"))))
EDK2_ARM64 = [GUID, (93, b"\0\x0b"), (94, b"\1\3\0"), ("vendor_class_id", b"PXEClient:Arch:00011:UNDI:003000")]
PXE_MENU = ("""A menu that the ROM shows by itself (Intel PXE 2.1, tags 6, 8, 9, 10), and its choice.
Made up after the specification: NOT SEEN LIVE in this form.""", [
    ("OFFER: the disk when nobody presses F8 for ten seconds",
     dhcp([("message-type", "offer"), *WDS_IS,
           (43, tlvs((6, b"\7"), (8, at_pxe_host(0x8001, 0x8002)),
                     (9, entry(0, b"Local disk") + entry(0x8001, b"memory test") + entry(0x8002, b"install")),
                     (10, b"\x0aF8: Bootferry's menu")))], op=2, xid=XID, flags="B", siaddr=PXE_HOST)),
    ("REQUEST to port 4011 for what was chosen",
     dhcp([("message-type", "request"), *EDK2_ARM64, ITEM], xid=XID, ciaddr=CLIENT)),
    ("ACK for that item",
     dhcp([("message-type", "ack"), *WDS_IS, ITEM, (67, b"programs/install.efi\0")], op=2, xid=XID, ciaddr=CLIENT,
          siaddr=PXE_HOST, file=b"programs/install.efi")),
])

WDS_ANSWERS = ("""NOT SEEN LIVE. What a server says to wdsnbp.com and to bootmgr, after the names and numbers
of the Windows SDK's wdsbp.h and public descriptions.""", [
    ("ACK: wait for approval, ask again each minute, ten times",
     reply((250, tlvs((2, b"\1"), (3, b"\0\x3c"), (4, b"\0\x0a"), (5, b"\0\0\0\x11"), (6, b"Ask the help desk"))))),
    ("ACK: go to another server",
     reply((250, tlvs((2, b"\3"), (9, words("0aee0014")))))),
    ("ACK: give up", reply((250, tlvs((2, b"\5"), (6, b"Not for you\0"))), file=b"boot\\x86\\abortpxe.com")),
    ("ACK: the prompt, the server's own account of itself",
     reply((250, tlvs((7, b""), (8, b"\0\6\0\1"), (11, b"\3"), (14, b"\0"), (15, b"\1"), (16, b"\0\0\0\1"))))),
    ("ACK: actions without a name, as other servers send them", reply((250, tlvs((2, b"\0"), (14, b"\1"))))),
    ("ACK: the BCD's path, NUL included, and a boot program",
     reply((252, BCD), file=b"boot\\x64\\pxeboot.n12")),
    ("ACK of ConfigMgr: where the variables are, and the BCD that belongs to them",
     reply((243, bytes([1, len(SMS) + 4]) + SMS + b".var"), (252, SMS + b".bcd"), file=b"smsboot\\x64\\pxeboot.com")),
    ("ACK of ConfigMgr: key material (not printed) in front of the path",
     reply((243, b"\2\4key!\1" + bytes([len(SMS) + 4]) + SMS + b".var"), file=b"smsboot\\x64\\pxeboot.com")),
    ("values that are not of their option's form; 243 is never shown in hex",
     reply((243, b"\2\x20key!"), (252, b"\0\0"))),
])

# --- not seen live --------------------------------------------------------------------------
UBOOT = ("""NOT SEEN LIVE. U-Boot built with an architecture and a vendor class: reads siaddr and the
file field, never asks port 4011. After its source.""", [
    ("DISCOVER of an ARM64 board",
     dhcp([("message-type", "discover"), ("max_dhcp_size", 576), ("vendor_class_id", b"U-Boot.armv8"),
           (93, b"\0\x16"), (94, b"\1\0\0"), machine_id("00112233-4455-6677-8899-aabbccddeeff"),
           ("param_req_list", [1, 3, 6, 12, 17])], xid=0x0A1B2C3D, mac="02:11:22:33:44:55", secs=0)),
    ("DISCOVER without architecture or class: nothing tells a network boot here",
     dhcp([("message-type", "discover"), ("max_dhcp_size", 576), ("param_req_list", [1, 3, 6, 12, 17])],
          xid=0x0A1B2C3E, mac="02:11:22:33:44:55")),
])
PI_CLASS = ("vendor_class_id", b"PXEClient:Arch:00000:UNDI:002001")
RASPBERRY = ("""NOT SEEN LIVE. The Raspberry Pi's boot ROM says that it is an x86 BIOS, and wants the words
"Raspberry Pi Boot" in the menu of option 43. After public descriptions.""", [
    ("DISCOVER",
     dhcp([("message-type", "discover"), ("param_req_list", [1, 3, 43, 60, 66, 67, *range(128, 136)]), (93, b"\0\0"),
           (94, b"\1\2\1"), (97, b"\0" + b"\x44" * 16), PI_CLASS], size=320, xid=0x26F30339,
          mac="b8:27:eb:00:11:22")),
    ("OFFER that it takes; the three spaces belong to the text in the field",
     dhcp([("message-type", "offer"), ("server_id", PXE_HOST), ("vendor_class_id", b"PXEClient"),
           (43, tlvs((6, b"\3"), (10, b"\0PXE"), (9, b"\0\0\x14Raspberry Pi Boot   ")))],
          op=2, xid=0x26F30339, mac="b8:27:eb:00:11:22", siaddr=PXE_HOST)),
])

# --- shapes that the specifications allow ---------------------------------------------------
RELAY = tlvs((1, b"\0\4\0\x0a\1\2"), (2, words("00155d3cd04c")), (5, words("0a140000")), (6, b"room-12"),
             (11, words("0a140001")), end=b"")
RELAYED = ("Behind a relay agent with the sub-options of RFC 3046, 3527, 3993 and 5107.", [
    ("DISCOVER through two hops",
     dhcp([("message-type", "discover"), *ROM_IS, (82, RELAY)], xid=XID, hops=2, giaddr="10.20.0.1", secs=8)),
    ("DISCOVER with subnet selection; 82 stands in front, and is kept last all the same",
     dhcp([(82, RELAY), ("message-type", "discover"), (118, words("0a150000"))], xid=XID, hops=1, giaddr="10.20.0.1")),
])
LONG_PATH = b"/" + b"0123456789abcdef" * 20  # 321 octets
OVERLOADED = b"\x3c\x09PXEClient\x43\x05boot/\xff"
SHAPES = ("Long options (RFC 3396), option overload (RFC 2132 §9.3), and options without their end.", [
    ("an option of 321 octets in two pieces",
     dhcp([("message-type", "ack"), (210, LONG_PATH[:255]), (210, LONG_PATH[255:])], op=2, xid=XID)),
    ("pieces of one option with another between them",
     dhcp([(77, b"\4iP"), ("message-type", "discover"), (77, b"XE")], xid=XID)),
    ("both fields hold options; 67 joins over options, file and sname in this order",
     dhcp([("message-type", "ack"), (52, b"\3"), (67, b"tftp:")], op=2, xid=XID,
          file=OVERLOADED, sname=b"\x43\x05a.efi\xff")),
    ("no end, no padding: the last option closes the datagram",
     dhcp([("message-type", "discover"), (93, b"\0\7"), "no-end"], size=0, xid=XID)),
    ("values that are not of their option's form",
     dhcp([(53, b"\1\1"), (54, b"\x0a\0\0"), (57, b"\5"), (93, b"\7"), (97, b"\1" + bytes(16)), (43, b"\6\x20\3"),
           (60, b"PXE\x1b[2J\"\0")], xid=XID)),
    ("no Ethernet: over InfiniBand hlen is 0 and the address is elsewhere (RFC 4390 §2.1)",
     dhcp([("message-type", "discover")], xid=XID, htype=32, hlen=0, flags=0x8000, mac="00:00:00:00:00:00")),
])

NBP = "smsboot\\x86\\wdsnbp.com"
TFTP_CONFIGMGR = ("""The BIOS ROM of the ConfigMgr trace: asks the size, aborts, asks again with a block size.
The UDP lengths in the trace are those of these packets; the blocks are cut short here.""", [
    ("size probe", rrq(NBP, ("tsize", "0"))),
    ("its answer", oack(("tsize", "30832"))),
    ("which the ROM ends with an error: no failure", error(0, "TFTP Aborted")),
    ("the transfer", rrq(NBP, ("blksize", "1456"))),
    ("", oack(("blksize", "1456"))),
    ("", ack(0)),
    ("", data(1, b"MZ" + bytes(6))),
    ("", ack(1)),
])
TFTP_SHAPES = ("Requests of other loaders, and packets at the edges.", [
    ("pxelinux", rrq("pxelinux.cfg/01-52-54-00-12-34-56", ("tsize", "0"), ("blksize", "1408"))),
    ("GRUB", rrq("/grub/x86_64-efi/command.lst", ("blksize", "1024"), ("tsize", "0"))),
    ("bootmgr asks Microsoft's variable window",
     rrq("\\Boot\\BCD", ("tsize", "0"), ("blksize", "1456"), ("windowsize", "4"), ("msftwindow", "31416"))),
    ("no options", rrq("a")),
    ("multicast has an empty value (RFC 2090)", rrq("a", ("multicast", ""))),
    ("a write", rrq("up.bin", ("tsize", "9"), write=True)),
    ("the empty last block of a file whose size is a multiple of the block's", data(65535, b"")),
    ("not found", error(1, "File not found")),
    ("an error code nobody defined, a text with control characters", error(4711, "\x1b[2Jhello")),
])

CASES = {
    "dhcp4/scapy-configmgr.txt": CONFIGMGR, "dhcp4/scapy-wds-programs.txt": WDSNBP,
    "dhcp4/scapy-pxe-menu.txt": PXE_MENU,
    "dhcp4/scapy-wds-answers.txt": WDS_ANSWERS, "dhcp4/scapy-u-boot.txt": UBOOT,
    "dhcp4/scapy-raspberry-pi.txt": RASPBERRY, "dhcp4/scapy-relay.txt": RELAYED, "dhcp4/scapy-shapes.txt": SHAPES,
    "tftp/scapy-configmgr.txt": TFTP_CONFIGMGR, "tftp/scapy-shapes.txt": TFTP_SHAPES,
}


def hex_lines(octets):
    """32 octets a line. A run of four or more equal lines is written once, with its count."""
    rows = [octets[i:i + 32].hex(" ") for i in range(0, len(octets), 32)]
    out, i = [], 0
    while i < len(rows):
        run = next((n for n in range(1, len(rows) - i) if rows[i + n] != rows[i]), len(rows) - i)
        out += [f"{rows[i]} *{run}"] if run > 3 else rows[i:i + run]
        i += run
    return out


def read(path):
    """[(octets, expected text)] of a golden file."""
    packets = []
    for block in path.read_text().split("\n\n"):
        lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
        if not lines:
            continue
        cut = lines.index("--")
        octets = b""
        for line in lines[:cut]:
            row, _, count = line.partition("*")
            octets += bytes.fromhex(row) * int(count or 1)
        packets.append((octets, "\n".join(lines[cut + 1:])))
    return packets


def write(path, comment, packets):
    """packets: [(title, octets)]. The texts of an existing file stay."""
    texts = [text for _, text in read(path)] if path.exists() else []
    out = ["# " + line for line in comment.splitlines()]
    for index, (title, octets) in enumerate(packets):
        text = texts[index] if index < len(texts) else ""
        out += ["", *(["# " + title] if title else []), *hex_lines(octets), "--", *text.splitlines()]
    path.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    for name, (case_comment, case_packets) in CASES.items():
        write(HERE / name, case_comment, case_packets)
