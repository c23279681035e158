// SPDX-License-Identifier: GPL-3.0-or-later
// Requests as firmware sends them: the option sequences of the captures in the lab (iPXE ROM
// of 2019-01, OVMF 2022.11), and of other firmware by its source.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "wire/dhcp4.h"

namespace session::testing {

namespace opt = wire::dhcp4::option;
using wire::dhcp4::Message;
using wire::dhcp4::MessageType;

inline const base::Mac client_mac{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
inline const std::vector<std::uint8_t> machine_id = {0,    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
// Option 175 of the iPXE ROM: bus id, version 1.0.0+, features HTTP (13), PXE, menu …
inline const std::vector<std::uint8_t> ipxe_rom_features = {
    0xb1, 0x05, 0x01, 0x1a, 0xf4, 0x10, 0x00, 0xeb, 0x03, 0x01, 0x00, 0x00, 0x17, 0x01, 0x01,
    0x22, 0x01, 0x01, 0x13, 0x01, 0x01, 0x11, 0x01, 0x01, 0x27, 0x01, 0x01, 0x19, 0x01, 0x01,
    0x10, 0x01, 0x02, 0x21, 0x01, 0x01, 0x15, 0x01, 0x01, 0x18, 0x01, 0x01, 0x12, 0x01, 0x01};
// The same of a UEFI build: 24 (EFI) in place of ELF and PXE.
inline const std::vector<std::uint8_t> ipxe_efi_features = {
    0xb1, 0x05, 0x01, 0x1a, 0xf4, 0x10, 0x00, 0xeb, 0x03, 0x01, 0x00, 0x00, 0x17,
    0x01, 0x01, 0x24, 0x01, 0x01, 0x13, 0x01, 0x01, 0x11, 0x01, 0x01, 0x27, 0x01,
    0x01, 0x19, 0x01, 0x01, 0x29, 0x01, 0x01, 0x15, 0x01, 0x01, 0x12, 0x01, 0x01};

inline void put(Message& m, std::uint8_t code, const std::vector<std::uint8_t>& data) {
  m.options.add(code, data);
}

inline Message request(MessageType type, const base::Mac& mac = client_mac) {
  Message m;
  m.xid = 0x12345678;
  std::copy(mac.octets.begin(), mac.octets.end(), m.chaddr.begin());
  m.options.add_u8(opt::message_type, static_cast<std::uint8_t>(type));
  return m;
}

// 53 57 93 94 60 77 55 175 61 97
inline Message ipxe_rom(MessageType type = MessageType::discover) {
  Message m = request(type);
  m.secs = 4;
  m.options.add_u16(opt::max_message_size, 1472);
  m.options.add_u16(opt::client_arch, 0);
  put(m, opt::client_ndi, {1, 2, 1});
  m.options.add_text(opt::vendor_class, "PXEClient:Arch:00000:UNDI:002001");
  m.options.add_text(opt::user_class, "iPXE");
  put(m, opt::parameter_list, {1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 175, 203});
  put(m, opt::ipxe_encapsulated, ipxe_rom_features);
  put(m, opt::client_id, {1, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
  put(m, opt::machine_id, machine_id);
  return m;
}

inline Message ipxe_efi(bool http = true) {
  Message m = request(MessageType::discover);
  m.options.add_u16(opt::max_message_size, 1472);
  m.options.add_u16(opt::client_arch, 7);
  put(m, opt::client_ndi, {1, 3, 10});
  m.options.add_text(opt::vendor_class, "PXEClient:Arch:00007:UNDI:003010");
  m.options.add_text(opt::user_class, "iPXE");
  put(m, opt::ipxe_encapsulated,
      http ? ipxe_efi_features : std::vector<std::uint8_t>{0x24, 1, 1, 0x15, 1, 1});
  put(m, opt::machine_id, machine_id);
  return m;
}

// 53 57 55 97 94 93 60
inline Message edk2(MessageType type = MessageType::discover, std::uint16_t arch = 7,
                    std::string_view vendor_class = "PXEClient:Arch:00007:UNDI:003000") {
  Message m = request(type);
  m.flags = wire::dhcp4::flag_broadcast;
  m.options.add_u16(opt::max_message_size, type == MessageType::discover ? 1472 : 65280);
  put(m, opt::parameter_list, {1, 2, 3, 4, 5, 6, 12, 13, 43, 54, 60, 66, 67, 97, 128, 135});
  put(m, opt::machine_id, machine_id);
  put(m, opt::client_ndi, {1, 3, 0});
  m.options.add_u16(opt::client_arch, arch);
  m.options.add_text(opt::vendor_class, vendor_class);
  return m;
}
inline Message edk2_http() { return edk2(MessageType::discover, 16, "HTTPClient:Arch:00016:UNDI:003000"); }

// A ROM that is not iPXE: 548 octets, no maximum size.
inline Message bios_rom(MessageType type = MessageType::discover, const base::Mac& mac = client_mac) {
  Message m = request(type, mac);
  m.options.add_u16(opt::client_arch, 0);
  put(m, opt::client_ndi, {1, 2, 1});
  put(m, opt::machine_id, machine_id);
  m.options.add_text(opt::vendor_class, "PXEClient:Arch:00000:UNDI:002001");
  return m;
}

}  // namespace session::testing
