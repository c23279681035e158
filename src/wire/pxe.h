// SPDX-License-Identifier: GPL-3.0-or-later
// What PXE puts inside DHCP options: vendor information (43), vendor class (60), user
// class (77), client architecture (93), network interface (94), iPXE's options (175).
// Intel PXE 2.1 §2, RFC 4578, RFC 3004; iPXE's feature codes by its published header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/dhcp4.h"

namespace wire::pxe {

// --- option 60 -------------------------------------------------------------------------
enum class ClassKind : std::uint8_t { none, pxe, http };

// "PXEClient:Arch:00007:UNDI:003000". Bare "PXEClient" is valid (iPXE, servers).
struct VendorClass {
  ClassKind kind = ClassKind::none;
  std::optional<std::uint16_t> arch;  // from the text; used where 93 is absent or unreadable
  bool operator==(const VendorClass&) const = default;
};
VendorClass decode_vendor_class(std::string_view text);
inline constexpr std::string_view pxe_client = "PXEClient", http_client = "HTTPClient";

// --- option 93 -------------------------------------------------------------------------
// The first architecture id; nullopt when the value is empty or of odd length.
std::optional<std::uint16_t> decode_client_arch(base::ByteView value);
// "x64 UEFI"; "unknown" for an id that IANA's list did not have when this was written.
std::string_view arch_name(std::uint16_t arch);

// --- option 77 -------------------------------------------------------------------------
// RFC 3004 (length-prefixed instances) or raw text as iPXE sends it. True when one
// instance, or the whole text, equals `name`.
bool user_class_is(base::ByteView value, std::string_view name);

// --- option 175 ------------------------------------------------------------------------
struct IpxeFeatures {
  bool http = false;          // 0x13
  bool https = false;         // 0x14
  bool tftp = false;          // 0x15
  bool pxe = false;           // 0x21: can start a PXE boot program
  bool elf = false;           // 0x22
  bool efi = false;           // 0x24: can start an EFI program
  bool bzimage = false;       // 0x18
  bool menu = false;          // 0x27
  std::uint32_t version = 0;  // 0xeb: major << 16 | minor << 8 | patch
  bool operator==(const IpxeFeatures&) const = default;
};
// nullopt: a length passes the end.
std::optional<IpxeFeatures> decode_ipxe(base::ByteView value);

// --- option 43 -------------------------------------------------------------------------
namespace tag {
inline constexpr std::uint8_t mtftp_ip = 1, mtftp_client_port = 2, mtftp_server_port = 3, mtftp_timeout = 4,
                              mtftp_delay = 5, discovery_control = 6, discovery_multicast = 7,
                              boot_servers = 8, boot_menu = 9, menu_prompt = 10, multicast_alloc = 11,
                              credential_types = 12, boot_item = 71;
}
namespace control {  // bits of tag 6
inline constexpr std::uint8_t no_broadcast = 1, no_multicast = 2, only_listed = 4, just_boot = 8;
}

struct BootItem {
  std::uint16_t type = 0;
  std::uint16_t layer = 0;  // bit 15: credentials requested; 0: first boot file
  bool operator==(const BootItem&) const = default;
};
struct BootServers {
  std::uint16_t type = 0;
  std::vector<base::Ipv4> addresses;  // empty: any server of that type
  bool operator==(const BootServers&) const = default;
};
struct MenuEntry {
  std::uint16_t type = 0;  // 0: boot from the local disk
  std::string description;
  bool operator==(const MenuEntry&) const = default;
};
struct MenuPrompt {
  std::uint8_t timeout = 0;  // seconds; 0 at once, 255 for ever
  std::string text;
  bool operator==(const MenuPrompt&) const = default;
};
// Everything of option 43 that a proxy or boot server reads or writes. Off the hot path:
// the common answers below are constants.
struct VendorInfo {
  std::optional<std::uint8_t> discovery_control;
  std::optional<base::Ipv4> discovery_multicast;
  std::vector<BootServers> boot_servers;
  std::vector<MenuEntry> menu;
  std::optional<MenuPrompt> prompt;
  std::optional<BootItem> boot_item;
  bool operator==(const VendorInfo&) const = default;
};
enum class VendorRefusal : std::uint8_t { past_end, bad_length };
std::string_view print(VendorRefusal refusal);
base::Result<VendorInfo, VendorRefusal> decode_vendor_info(base::ByteView value);
// nullopt when it does not fit 255 octets: never split what EDK2 must read (it takes the
// first instance only).
std::optional<base::Bytes> encode_vendor_info(const VendorInfo& info);

// Only tag 71, without allocation; for requests on 4011.
std::optional<BootItem> find_boot_item(base::ByteView option43);

// 06 01 08 ff: «a boot file is here: take it, no discovery, no menu».
inline constexpr std::uint8_t just_boot_info[] = {tag::discovery_control, 1, control::just_boot, 255};

// --- option 82 -------------------------------------------------------------------------
namespace relay_tag {
inline constexpr std::uint8_t circuit_id = 1, remote_id = 2, link_selection = 5, subscriber_id = 6,
                              server_id_override = 11;
}
// A sub-option as it stands; nothing where it is absent or runs past the end.
std::optional<base::ByteView> find_relay_part(base::ByteView option82, std::uint8_t code);
// Four-octet sub-option (5 or 11) as an address.
std::optional<base::Ipv4> find_relay_address(base::ByteView option82, std::uint8_t code);

}  // namespace wire::pxe
