// SPDX-License-Identifier: GPL-3.0-or-later
// Who asks, in people's words: the only thing that policy knows of a packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/fixed_text.h"
#include "base/ip.h"
#include "policy/arch.h"

namespace policy {

// What speaks to us. Firmware and loaders take turns on one machine.
enum class ClientKind : std::uint8_t {
  bios_rom,      // PXE ROM that is not iPXE
  uefi_pxe,      // EDK2's PXE and its relatives
  uefi_http,     // UEFI HTTP Boot (option 60 HTTPClient)
  ipxe,          // user class iPXE: a ROM or a chained one, there is no telling them apart
  uboot,         // reads the header's file and siaddr only
  raspberry_pi,  // boot ROM: claims arch 0, wants a menu entry of its own
  wds_program,   // wdsnbp.com or wdsmgfw.efi, which the ROM has started: waits and reports on 4011
};
std::string_view print(ClientKind kind);

// What people call a machine's firmware. The same for each program that speaks on the machine in
// turn, ROM, iPXE or loader: a rule about it holds for a whole boot.
enum class Firmware : std::uint8_t { bios, uefi, uboot, raspberry_pi };
std::string_view print(Firmware firmware);  // "bios", "uefi", "u-boot", "raspberry-pi"
std::optional<Firmware> parse_firmware(std::string_view text);

// What an iPXE build can do, as it says itself (option 175); all false for everybody else.
struct IpxeAbilities {
  bool http = false;
  bool efi = false;
  bool operator==(const IpxeAbilities&) const = default;
};

// Who asks, in people's words. Built in one place from a packet (session/facts) or from a
// binding; policy never sees an option number.
//
// A machine that is known by a name alone (a file name with its MAC in it, a neighbour's
// entry) has told nothing about its processor: firmware_known is false then, and kind, arch
// and ipxe mean nothing.
struct Facts {
  base::Mac mac;
  std::optional<base::Uuid> uuid;
  ClientKind kind = ClientKind::bios_rom;
  Arch arch = Arch::bios;
  std::uint16_t arch_id = 0;  // as sent, for messages
  IpxeAbilities ipxe;
  base::Ipv4 relay;  // zero when the client is on our own wire
  // An address in the machine's subnet: its relay's, or ours where it arrived. Zero: not known.
  base::Ip network;
  base::FixedText<64> vendor_class;  // option 60; what is longer is cut off
  base::FixedText<64> circuit_id;    // option 82.1, the relay's name for the port; likewise
  // What a detecting program found on a BIOS machine, whose arch says bios whatever it is.
  std::optional<Arch> processor;
  // What somebody at the machine chose in the ROM's own menu (policy/rom_menu.h).
  std::optional<std::uint16_t> chosen_item;
  bool firmware_known = true;
  // How long it has been asking by its own account; policy::Waiting says whose counts.
  std::uint16_t seconds_asking = 0;
  [[nodiscard]] Firmware firmware() const;
  bool operator==(const Facts&) const = default;
};

}  // namespace policy
