// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/facts.h"

#include <algorithm>
#include <array>

#include "wire/pxe.h"

namespace session {
namespace {

namespace option = wire::dhcp4::option;
using policy::ClientKind;
using wire::dhcp4::Presence;
using wire::pxe::ClassKind;

// Prefixes of Raspberry Pi boards. Their boot ROM calls itself a BIOS PC (93 = 0), so the
// hardware address is all there is to go by (rpi-eeprom#82).
constexpr std::array<std::array<std::uint8_t, 3>, 6> raspberry_pi_prefixes = {{
    {0xb8, 0x27, 0xeb},
    {0xdc, 0xa6, 0x32},
    {0xe4, 0x5f, 0x01},
    {0x28, 0xcd, 0xc1},
    {0xd8, 0x3a, 0xdd},
    {0x2c, 0xcf, 0x67},
}};

bool is_raspberry_pi(const base::Mac& mac) {
  return std::ranges::any_of(raspberry_pi_prefixes, [&](const auto& prefix) {
    return std::equal(prefix.begin(), prefix.end(), mac.octets.begin());
  });
}

std::uint16_t arch_id_of(const wire::dhcp4::Message& m, const wire::pxe::VendorClass& vendor_class) {
  if (const auto value = m.options.find(option::client_arch)) {
    if (const auto id = wire::pxe::decode_client_arch(*value)) return *id;
  }
  return vendor_class.arch.value_or(0);
}

bool is_ipxe(const wire::dhcp4::Message& m) {
  if (m.options.contains(option::ipxe_encapsulated)) return true;
  const auto user_class = m.options.find(option::user_class);
  return user_class && wire::pxe::user_class_is(*user_class, "iPXE");
}

// A broken 175 says nothing about abilities; the client still is iPXE and must not be given
// another one for it.
policy::IpxeAbilities ipxe_abilities(const wire::dhcp4::Message& m) {
  const auto value = m.options.find(option::ipxe_encapsulated);
  const auto features = value ? wire::pxe::decode_ipxe(*value) : std::nullopt;
  if (!features) return {};
  return {.http = features->http, .efi = features->efi};
}

template <std::size_t Capacity>
void keep_front(std::string_view text, base::FixedText<Capacity>& out) {
  static_cast<void>(out.assign(text.substr(0, Capacity)));
}

}  // namespace

base::Result<policy::Facts, FactsRefusal> facts_from(const wire::dhcp4::Message& m) {
  policy::Facts facts;
  const auto mac = m.mac();
  if (!mac || mac->is_zero() || mac->is_group()) return tl::unexpected(FactsRefusal::bad_hardware_address);
  facts.mac = *mac;
  facts.relay = m.giaddr;
  facts.network = m.giaddr;
  keep_front(m.text(option::vendor_class), facts.vendor_class);
  if (const auto relay_info = m.options.find(option::relay_agent_info)) {
    // A relay with an address in another subnet than its client's says so (RFC 3527).
    const auto subnet = wire::pxe::find_relay_address(*relay_info, wire::pxe::relay_tag::link_selection);
    if (subnet && !subnet->is_zero()) facts.network = *subnet;
    if (const auto circuit = wire::pxe::find_relay_part(*relay_info, wire::pxe::relay_tag::circuit_id)) {
      keep_front(base::as_text(*circuit), facts.circuit_id);
    }
  }
  facts.seconds_asking = m.secs;

  const std::string_view class_text = m.text(option::vendor_class);
  const auto vendor_class = wire::pxe::decode_vendor_class(class_text);
  facts.arch_id = arch_id_of(m, vendor_class);
  const policy::ArchId arch = policy::arch_of(facts.arch_id);
  facts.arch = arch.arch;

  const bool pxe = vendor_class.kind == ClassKind::pxe;
  const bool http = vendor_class.kind == ClassKind::http;
  if (is_ipxe(m)) {
    facts.kind = ClientKind::ipxe;
    facts.ipxe = ipxe_abilities(m);
  } else if (arch.uboot || class_text.starts_with("U-Boot")) {
    facts.kind = ClientKind::uboot;
  } else if (http) {
    facts.kind = ClientKind::uefi_http;
  } else if (!pxe) {
    return tl::unexpected(FactsRefusal::not_network_boot);
  } else if (facts.arch == policy::Arch::bios && is_raspberry_pi(facts.mac)) {
    facts.kind = ClientKind::raspberry_pi;
    facts.arch = policy::Arch::arm64;
  } else {
    facts.kind = facts.arch == policy::Arch::bios ? ClientKind::bios_rom : ClientKind::uefi_pxe;
  }

  base::Uuid uuid;
  switch (m.machine_id(uuid)) {
    case Presence::absent:
      break;
    case Presence::malformed:
      return tl::unexpected(FactsRefusal::malformed_machine_id);
    case Presence::present:
      if (!uuid.is_blank()) facts.uuid = uuid;
      break;
  }
  return facts;
}

}  // namespace session
