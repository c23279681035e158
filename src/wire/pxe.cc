// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/pxe.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "wire/tlv.h"

namespace wire::pxe {
namespace {

// IANA's processor architecture types. RFC 4578's own list has 7 and 9 the wrong way round
// (erratum 4624): machines that say 7 are x64, and some that say 9 are too.
constexpr std::string_view arch_names[] = {"x86 BIOS",
                                           "NEC PC98",
                                           "IA64 EFI",
                                           "Alpha",
                                           "Arc x86",
                                           "Intel lean client",
                                           "IA32 UEFI",
                                           "x64 UEFI",
                                           "Xscale EFI",
                                           "EFI byte code",
                                           "ARM32 UEFI",
                                           "ARM64 UEFI",
                                           "PowerPC Open Firmware",
                                           "PowerPC ePAPR",
                                           "POWER OPAL v3",
                                           "IA32 UEFI HTTP",
                                           "x64 UEFI HTTP",
                                           "EFI byte code HTTP",
                                           "ARM32 UEFI HTTP",
                                           "ARM64 UEFI HTTP",
                                           "x86 BIOS HTTP",
                                           "ARM32 U-Boot",
                                           "ARM64 U-Boot",
                                           "ARM32 U-Boot HTTP",
                                           "ARM64 U-Boot HTTP",
                                           "RISC-V32 UEFI",
                                           "RISC-V32 UEFI HTTP",
                                           "RISC-V64 UEFI",
                                           "RISC-V64 UEFI HTTP",
                                           "RISC-V128 UEFI",
                                           "RISC-V128 UEFI HTTP",
                                           "s390 basic",
                                           "s390 extended",
                                           "MIPS32 UEFI",
                                           "MIPS64 UEFI",
                                           "Sunway32 UEFI",
                                           "Sunway64 UEFI",
                                           "LoongArch32 UEFI",
                                           "LoongArch32 UEFI HTTP",
                                           "LoongArch64 UEFI",
                                           "LoongArch64 UEFI HTTP"};
static_assert(std::size(arch_names) == 41);

constexpr std::size_t max_value = 255;  // what one length octet can say

base::Ipv4 read_ip(base::Reader& reader) { return base::Ipv4::from_host_order(reader.u32()); }

std::optional<BootItem> decode_boot_item(base::ByteView value) {
  if (value.size() != 4) return std::nullopt;
  base::Reader reader(value);
  BootItem item;
  item.type = reader.u16();
  item.layer = reader.u16();
  return item;
}

// Tag 8: (type, count, count addresses), repeated.
bool decode_boot_servers(base::ByteView value, std::vector<BootServers>& out) {
  base::Reader reader(value);
  while (!reader.empty()) {
    BootServers& servers = out.emplace_back();
    servers.type = reader.u16();
    base::Reader addresses(reader.take(std::size_t{reader.u8()} * 4));
    while (!addresses.empty()) servers.addresses.push_back(read_ip(addresses));
  }
  return reader.ok();
}

// Tag 9: (type, length, text), repeated.
bool decode_menu(base::ByteView value, std::vector<MenuEntry>& out) {
  base::Reader reader(value);
  while (!reader.empty()) {
    MenuEntry& entry = out.emplace_back();
    entry.type = reader.u16();
    entry.description = base::as_text(reader.take(reader.u8()));
  }
  return reader.ok();
}

// One tag of option 43; false when its value has not the tag's form. A tag that comes
// twice counts once, as for find_tlv(): nobody is known to send that.
bool decode_tag(const Tlv& tlv, VendorInfo& info) {
  base::Reader reader(tlv.value);
  switch (tlv.code) {
    case tag::discovery_control:
      if (tlv.value.size() != 1) return false;
      if (!info.discovery_control) info.discovery_control = reader.u8();
      return true;
    case tag::discovery_multicast:
      if (tlv.value.size() != 4) return false;
      if (!info.discovery_multicast) info.discovery_multicast = read_ip(reader);
      return true;
    case tag::boot_servers:
      return !info.boot_servers.empty() || decode_boot_servers(tlv.value, info.boot_servers);
    case tag::boot_menu:
      return !info.menu.empty() || decode_menu(tlv.value, info.menu);
    case tag::menu_prompt:
      if (tlv.value.empty()) return false;
      if (!info.prompt) {
        const std::uint8_t timeout = reader.u8();
        info.prompt = MenuPrompt{timeout, std::string(base::as_text(reader.rest()))};
      }
      return true;
    case tag::boot_item: {
      const std::optional<BootItem> item = decode_boot_item(tlv.value);
      if (!info.boot_item) info.boot_item = item;
      return item.has_value();
    }
    default:
      return true;  // MTFTP and the makers' own tags: nothing of ours
  }
}

// Collects tags into a value of at most 255 octets.
class TagWriter {
 public:
  void put(std::uint8_t code, base::ByteView value) {
    writer_.u8(code);
    writer_.u8(static_cast<std::uint8_t>(value.size()));  // a longer value overflows the buffer below
    writer_.bytes(value);
  }
  void put_end() { writer_.u8(255); }
  [[nodiscard]] std::optional<base::Bytes> take() const {
    if (!writer_.ok()) return std::nullopt;
    return base::Bytes(writer_.written().begin(), writer_.written().end());
  }

 private:
  std::array<std::uint8_t, max_value> buffer_{};
  base::Writer writer_{buffer_};
};

}  // namespace

VendorClass decode_vendor_class(std::string_view text) {
  VendorClass result;
  if (text.starts_with(pxe_client)) {
    result.kind = ClassKind::pxe;
    text.remove_prefix(pxe_client.size());
  } else if (text.starts_with(http_client)) {
    result.kind = ClassKind::http;
    text.remove_prefix(http_client.size());
  } else {
    return result;
  }
  constexpr std::string_view arch_label = ":Arch:";
  if (!text.starts_with(arch_label)) return result;
  text.remove_prefix(arch_label.size());
  std::uint16_t arch = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, arch);
  if (error == std::errc{} && (next == end || *next == ':' || *next == '\0')) result.arch = arch;
  return result;
}

std::optional<std::uint16_t> decode_client_arch(base::ByteView value) {
  if (value.empty() || value.size() % 2 != 0) return std::nullopt;
  return base::Reader(value).u16();
}

std::string_view arch_name(std::uint16_t arch) {
  return arch < std::size(arch_names) ? arch_names[arch] : "unknown";
}

bool user_class_is(base::ByteView value, std::string_view name) {
  if (base::as_text(value) == name) return true;
  base::Reader reader(value);
  while (!reader.empty()) {
    const base::ByteView instance = reader.take(reader.u8());
    if (reader.ok() && base::as_text(instance) == name) return true;
  }
  return false;
}

std::optional<IpxeFeatures> decode_ipxe(base::ByteView value) {
  IpxeFeatures features;
  TlvWalker walker(value);
  while (const std::optional<Tlv> tlv = walker.next()) {
    // A feature is one octet, its revision; 0 would take the feature back.
    const bool on = !tlv->value.empty() && tlv->value.front() != 0;
    switch (tlv->code) {
      case 0x13:
        features.http = on;
        break;
      case 0x14:
        features.https = on;
        break;
      case 0x15:
        features.tftp = on;
        break;
      case 0x18:
        features.bzimage = on;
        break;
      case 0x21:
        features.pxe = on;
        break;
      case 0x22:
        features.elf = on;
        break;
      case 0x24:
        features.efi = on;
        break;
      case 0x27:
        features.menu = on;
        break;
      case 0xeb:
        if (tlv->value.size() == 3) {
          const std::uint32_t high = base::Reader(tlv->value).u16();
          features.version = (high << 8) | tlv->value.back();
        }
        break;
      default:
        break;
    }
  }
  if (!walker.ok()) return std::nullopt;
  return features;
}

std::string_view print(VendorRefusal refusal) {
  switch (refusal) {
    case VendorRefusal::past_end:
      return "a tag runs past the end";
    case VendorRefusal::bad_length:
      return "a tag has the wrong length";
  }
  return "?";
}

base::Result<VendorInfo, VendorRefusal> decode_vendor_info(base::ByteView value) {
  VendorInfo info;
  TlvWalker walker(value);
  while (const std::optional<Tlv> tlv = walker.next()) {
    if (!decode_tag(*tlv, info)) return tl::unexpected(VendorRefusal::bad_length);
  }
  if (!walker.ok()) return tl::unexpected(VendorRefusal::past_end);
  return info;
}

std::optional<base::Bytes> encode_vendor_info(const VendorInfo& info) {
  TagWriter tags;
  if (info.discovery_control) tags.put(tag::discovery_control, base::ByteView(&*info.discovery_control, 1));
  if (info.discovery_multicast) tags.put(tag::discovery_multicast, info.discovery_multicast->octets);
  std::array<std::uint8_t, max_value> buffer{};
  if (!info.boot_servers.empty()) {
    base::Writer value(buffer);
    for (const BootServers& servers : info.boot_servers) {
      value.u16(servers.type);
      value.u8(static_cast<std::uint8_t>(servers.addresses.size()));  // 256 of them do not fit anyway
      for (const base::Ipv4& ip : servers.addresses) value.bytes(ip.octets);
    }
    if (!value.ok()) return std::nullopt;
    tags.put(tag::boot_servers, value.written());
  }
  if (!info.menu.empty()) {
    base::Writer value(buffer);
    for (const MenuEntry& entry : info.menu) {
      value.u16(entry.type);
      value.u8(static_cast<std::uint8_t>(entry.description.size()));  // likewise
      value.text(entry.description);
    }
    if (!value.ok()) return std::nullopt;
    tags.put(tag::boot_menu, value.written());
  }
  if (info.prompt) {
    base::Writer value(buffer);
    value.u8(info.prompt->timeout);
    value.text(info.prompt->text);
    if (!value.ok()) return std::nullopt;
    tags.put(tag::menu_prompt, value.written());
  }
  if (info.boot_item) {
    base::Writer value(buffer);
    value.u16(info.boot_item->type);
    value.u16(info.boot_item->layer);
    tags.put(tag::boot_item, value.written());
  }
  tags.put_end();
  return tags.take();
}

std::optional<BootItem> find_boot_item(base::ByteView option43) {
  const auto value = find_tlv(option43, tag::boot_item);
  return value ? decode_boot_item(*value) : std::nullopt;
}

std::optional<base::ByteView> find_relay_part(base::ByteView option82, std::uint8_t code) {
  return find_tlv(option82, code, TlvStyle::plain);
}

std::optional<base::Ipv4> find_relay_address(base::ByteView option82, std::uint8_t code) {
  const auto value = find_relay_part(option82, code);
  if (!value || value->size() != 4) return std::nullopt;
  base::Reader reader(*value);
  return read_ip(reader);
}

}  // namespace wire::pxe
