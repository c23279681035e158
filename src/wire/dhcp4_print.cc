// SPDX-License-Identifier: GPL-3.0-or-later
// A DHCP message in words: for golden tests, and for the person who reads a `debug` log.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "wire/dhcp4.h"
#include "wire/printable.h"
#include "wire/pxe.h"
#include "wire/tlv.h"
#include "wire/wds.h"

namespace wire::dhcp4 {
namespace {

// How an option's value reads. Each has a function below; an empty result means that the
// octets are not of that form.
using Form = std::string (*)(base::ByteView);

std::string as_hex(base::ByteView data) { return data.empty() ? "empty" : hex(data); }

std::string as_text(base::ByteView data) { return quoted(base::as_text(data)); }

std::string as_u8(base::ByteView data) {
  return data.size() == 1 ? fmt::format("{}", data[0]) : std::string();
}

std::string as_u16(base::ByteView data) {
  return data.size() == 2 ? fmt::format("{}", base::Reader(data).u16()) : std::string();
}

std::string as_u32(base::ByteView data) {
  return data.size() == 4 ? fmt::format("{}", base::Reader(data).u32()) : std::string();
}

std::string as_seconds(base::ByteView data) {
  const std::string number = as_u32(data);
  return number.empty() ? number : number + " s";
}

std::string as_ips(base::ByteView data) {
  if (data.size() % 4 != 0) return {};
  std::string out;
  for (base::Reader reader(data); !reader.empty();) {
    if (!out.empty()) out += ' ';
    out += base::Ipv4::from_host_order(reader.u32()).print();
  }
  return out;
}

std::string as_codes(base::ByteView data) {
  std::string out;
  for (const std::uint8_t code : data) out += fmt::format("{}{}", out.empty() ? "" : " ", code);
  return out;
}

std::string as_message_type(base::ByteView data) {
  constexpr std::string_view names[] = {"DISCOVER", "OFFER", "REQUEST", "DECLINE",
                                        "ACK",      "NAK",   "RELEASE", "INFORM"};
  if (data.size() != 1 || data[0] < 1 || data[0] > std::size(names)) return {};
  return std::string(names[data[0] - 1U]);
}

std::string as_client_id(base::ByteView data) {
  if (data.size() != 7 || data[0] != 1) return as_hex(data);
  base::Mac mac;
  std::copy_n(data.begin() + 1, mac.octets.size(), mac.octets.begin());
  return "Ethernet " + mac.print();
}

std::string as_archs(base::ByteView data) {
  if (data.size() % 2 != 0) return {};
  std::string out;
  for (base::Reader reader(data); !reader.empty();) {
    const std::uint16_t id = reader.u16();
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", id, pxe::arch_name(id));
  }
  return out;
}

std::string as_ndi(base::ByteView data) {
  return data.size() == 3 ? fmt::format("type {} version {}.{}", data[0], data[1], data[2]) : std::string();
}

std::string as_machine_id(base::ByteView data) {
  if (data.size() != 17 || data[0] != 0) return {};
  base::Uuid uuid;
  std::copy_n(data.begin() + 1, uuid.octets.size(), uuid.octets.begin());
  return uuid.print();
}

// The NULs behind the path are shown: clients differ in whether they want one.
std::string as_bcd_path(base::ByteView data) {
  return wds::decode_bcd_path(data) ? as_text(data) : std::string();
}

// Never in hex: a record may hold key material, and this text goes to logs.
std::string as_variables(base::ByteView data) {
  const auto variables = wds::decode_variables(data);
  if (variables) return wds::print(*variables);
  return fmt::format("malformed ({}), {} octets", wds::print(variables.error()), data.size());
}

// What stands inside a list, one tag a line.
struct Tag {
  std::uint8_t code;
  std::string_view name;
  Form form;
};

std::string as_discovery_control(base::ByteView data) {
  if (data.size() != 1) return {};
  std::string out = fmt::format("{:02x}", data[0]);
  if ((data[0] & pxe::control::no_broadcast) != 0) out += " no-broadcast";
  if ((data[0] & pxe::control::no_multicast) != 0) out += " no-multicast";
  if ((data[0] & pxe::control::only_listed) != 0) out += " only-listed";
  if ((data[0] & pxe::control::just_boot) != 0) out += " just-boot";
  return out;
}

std::string as_boot_servers(base::ByteView data) {
  std::string out;
  base::Reader reader(data);
  while (!reader.empty()) {
    out += fmt::format("{}type {:04x}", out.empty() ? "" : ", ", reader.u16());
    const std::string addresses = as_ips(reader.take(std::size_t{reader.u8()} * 4));
    if (!addresses.empty()) out += " at " + addresses;
  }
  return reader.ok() ? out : std::string();
}

std::string as_menu(base::ByteView data) {
  std::string out;
  base::Reader reader(data);
  while (!reader.empty()) {
    out += fmt::format("{}type {:04x} ", out.empty() ? "" : ", ", reader.u16());
    out += as_text(reader.take(reader.u8()));
  }
  return reader.ok() ? out : std::string();
}

std::string as_prompt(base::ByteView data) {
  if (data.empty()) return {};
  return fmt::format("{} s {}", data[0], as_text(data.subspan(1)));
}

std::string as_boot_item(base::ByteView data) {
  if (data.size() != 4) return {};
  base::Reader reader(data);
  const std::uint16_t type = reader.u16();
  return fmt::format("type {:04x} layer {:04x}", type, reader.u16());
}

std::string as_version(base::ByteView data) {
  return data.size() == 3 ? fmt::format("{}.{}.{}", data[0], data[1], data[2]) : std::string();
}

constexpr Tag vendor_tags[] = {
    {pxe::tag::mtftp_ip, "MTFTP address", as_ips},
    {pxe::tag::mtftp_client_port, "MTFTP client port", as_hex},  // in either byte order: see Wireshark
    {pxe::tag::mtftp_server_port, "MTFTP server port", as_hex},
    {pxe::tag::mtftp_timeout, "MTFTP timeout", as_u8},
    {pxe::tag::mtftp_delay, "MTFTP delay", as_u8},
    {pxe::tag::discovery_control, "discovery control", as_discovery_control},
    {pxe::tag::discovery_multicast, "discovery multicast address", as_ips},
    {pxe::tag::boot_servers, "boot servers", as_boot_servers},
    {pxe::tag::boot_menu, "boot menu", as_menu},
    {pxe::tag::menu_prompt, "menu prompt", as_prompt},
    {pxe::tag::multicast_alloc, "multicast allocation", as_hex},
    {pxe::tag::credential_types, "credential types", as_hex},
    {pxe::tag::boot_item, "boot item", as_boot_item},
};

constexpr Tag relay_tags[] = {
    {pxe::relay_tag::circuit_id, "circuit id", as_hex},
    {pxe::relay_tag::remote_id, "remote id", as_hex},
    {pxe::relay_tag::link_selection, "link selection", as_ips},
    {pxe::relay_tag::subscriber_id, "subscriber id", as_text},
    {pxe::relay_tag::server_id_override, "server id override", as_ips},
};

// iPXE's features.h and dhcp.h.
constexpr Tag ipxe_tags[] = {
    {0x10, "feature PXE extensions", as_u8},
    {0x11, "feature iSCSI", as_u8},
    {0x12, "feature AoE", as_u8},
    {0x13, "feature HTTP", as_u8},
    {0x14, "feature HTTPS", as_u8},
    {0x15, "feature TFTP", as_u8},
    {0x16, "feature FTP", as_u8},
    {0x17, "feature DNS", as_u8},
    {0x18, "feature bzImage", as_u8},
    {0x19, "feature Multiboot", as_u8},
    {0x1b, "feature SRP", as_u8},
    {0x20, "feature NBI", as_u8},
    {0x21, "feature PXE", as_u8},
    {0x22, "feature ELF", as_u8},
    {0x23, "feature COMBOOT", as_u8},
    {0x24, "feature EFI", as_u8},
    {0x25, "feature FCoE", as_u8},
    {0x26, "feature VLAN", as_u8},
    {0x27, "feature menu", as_u8},
    {0x28, "feature SDI", as_u8},
    {0x29, "feature NFS", as_u8},
    {0xb0, "no proxy DHCP", as_u8},
    {0xb1, "bus id", as_hex},
    {0xeb, "version", as_version},
};

struct List {
  std::uint8_t code;
  std::string_view name;
  std::span<const Tag> tags;
  TlvStyle style;
};
constexpr List lists[] = {
    {option::vendor_info, "vendor info", vendor_tags, TlvStyle::with_end},
    {option::relay_agent_info, "relay agent info", relay_tags, TlvStyle::plain},
    {option::ipxe_encapsulated, "iPXE", ipxe_tags, TlvStyle::with_end},
};

constexpr Tag plain_options[] = {
    {option::subnet_mask, "subnet mask", as_ips},
    {option::router, "router", as_ips},
    {option::domain_name_server, "domain name server", as_ips},
    {option::host_name, "host name", as_text},
    {option::boot_file_size, "boot file size", as_u16},
    {15, "domain name", as_text},
    {17, "root path", as_text},
    {28, "broadcast address", as_ips},
    {option::requested_address, "requested address", as_ips},
    {option::lease_time, "lease time", as_seconds},
    {option::message_type, "message type", as_message_type},
    {option::server_id, "server id", as_ips},
    {option::parameter_list, "parameter list", as_codes},
    {option::message, "message", as_text},
    {option::max_message_size, "max message size", as_u16},
    {58, "renewal time", as_seconds},
    {59, "rebinding time", as_seconds},
    {option::vendor_class, "vendor class", as_text},
    {option::client_id, "client id", as_client_id},
    {option::tftp_server_name, "TFTP server name", as_text},
    {option::boot_file_name, "boot file name", as_text},
    {option::user_class, "user class", as_text},
    {option::client_arch, "client arch", as_archs},
    {option::client_ndi, "client network interface", as_ndi},
    {option::machine_id, "machine id", as_machine_id},
    {option::subnet_selection, "subnet selection", as_ips},
    {option::tftp_server_address, "TFTP server address", as_ips},
    {option::pxelinux_magic, "PXELINUX magic", as_hex},
    {option::pxelinux_config_file, "PXELINUX config file", as_text},
    {option::pxelinux_path_prefix, "PXELINUX path prefix", as_text},
    {option::pxelinux_reboot_time, "PXELINUX reboot time", as_seconds},
    {option::sccm_variables, "ConfigMgr variables", as_variables},
    {option::wds_bcd_path, "WDS BCD path", as_bcd_path},
};

// " name: value", or in hex where there is no name, or the value breaks the name's form.
std::string print_value(std::span<const Tag> known, std::uint8_t code, base::ByteView data) {
  const auto it = std::find_if(known.begin(), known.end(), [&](const Tag& t) { return t.code == code; });
  if (it == known.end()) return ": " + as_hex(data);
  const std::string value = it->form(data);
  return fmt::format(" {}: {}", it->name, value.empty() ? "malformed " + as_hex(data) : value);
}

void print_list(std::string& out, const List& list, base::ByteView data) {
  TlvWalker check(data, list.style);
  while (check.next()) {
  }
  if (!check.ok()) {
    out += fmt::format("{} {}: malformed {}\n", list.code, list.name, as_hex(data));
    return;
  }
  out += fmt::format("{} {}: {} octets\n", list.code, list.name, data.size());
  TlvWalker walker(data, list.style);
  while (const std::optional<Tlv> tlv = walker.next()) {
    out += fmt::format("{}.{}{}\n", list.code, tlv->code, print_value(list.tags, tlv->code, tlv->value));
  }
}

void print_wds(std::string& out, base::ByteView data) {
  const auto block = wds::decode(data);
  if (block) {
    out += fmt::format("250 WDS: {} octets\n{}", data.size(), wds::print(*block));
  } else {
    out += fmt::format("250 WDS: malformed ({}) {}\n", wds::print(block.error()), as_hex(data));
  }
}

// The address itself, and what follows it where a well-behaved client puts zeros.
std::string print_chaddr(const Message& m) {
  const std::size_t size = std::min<std::size_t>(m.hlen, chaddr_size);
  const base::ByteView padding = base::ByteView(m.chaddr).subspan(size);
  std::string out = as_hex(base::ByteView(m.chaddr).first(size));
  if (const std::optional<base::Mac> mac = m.mac()) out = mac->print();
  if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t b) { return b != 0; }))
    out += " + " + hex(padding);
  return out;
}

}  // namespace

std::string print(const Message& m) {
  std::string out = fmt::format("op: {}\n", m.op == 1 ? "request" : "reply");
  out += fmt::format("htype: {}\nhlen: {}\nhops: {}\nxid: {:08x}\nsecs: {}\n", m.htype, m.hlen, m.hops, m.xid,
                     m.secs);
  out += fmt::format("flags: {:04x}{}\n", m.flags, (m.flags & flag_broadcast) != 0 ? " broadcast" : "");
  out += fmt::format("ciaddr: {}\nyiaddr: {}\n", m.ciaddr.print(), m.yiaddr.print());
  out += fmt::format("siaddr: {}\ngiaddr: {}\n", m.siaddr.print(), m.giaddr.print());
  out += fmt::format("chaddr: {}\n", print_chaddr(m));
  out += fmt::format("sname: {}\nfile: {}\n", quoted(m.sname.view()), quoted(m.file.view()));
  for (std::size_t i = 0; i < m.options.size(); ++i) {
    const Option o = m.options.at(i);
    const auto list =
        std::find_if(std::begin(lists), std::end(lists), [&](const List& l) { return l.code == o.code; });
    if (o.code == option::wds) {
      print_wds(out, o.data);
    } else if (list != std::end(lists)) {
      print_list(out, *list, o.data);
    } else {
      out += fmt::format("{}{}\n", o.code, print_value(plain_options, o.code, o.data));
    }
  }
  return out;
}

}  // namespace wire::dhcp4
