// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/facts.h"

#include <gtest/gtest.h>

#include "pxe_messages.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: the requests of pxe_messages.h
using policy::Arch;
using policy::ClientKind;

Message with_class(std::string_view text) {
  Message m = request(MessageType::discover);
  m.options.add_text(opt::vendor_class, text);
  return m;
}
Message with_arch(Message m, std::uint16_t arch) {
  m.options.add_u16(opt::client_arch, arch);
  return m;
}
Message with(Message m, std::uint8_t code, const std::vector<std::uint8_t>& data) {
  put(m, code, data);
  return m;
}

TEST(Facts, WhoAsks) {
  const base::Mac pi{{0xdc, 0xa6, 0x32, 1, 2, 3}};
  Message pi_as_uefi = edk2(MessageType::discover, 11, "PXEClient:Arch:00011:UNDI:003000");
  std::copy(pi.octets.begin(), pi.octets.end(), pi_as_uefi.chaddr.begin());
  struct Row {
    const char* name;
    Message input;
    ClientKind kind;
    Arch arch;
    std::uint16_t arch_id;
    bool http;
  };
  const Row rows[] = {
      {"iPXE ROM, BIOS", ipxe_rom(), ClientKind::ipxe, Arch::bios, 0, true},
      {"iPXE, UEFI", ipxe_efi(), ClientKind::ipxe, Arch::x64, 7, true},
      {"iPXE, UEFI, no HTTP", ipxe_efi(false), ClientKind::ipxe, Arch::x64, 7, false},
      {"OVMF PXE", edk2(), ClientKind::uefi_pxe, Arch::x64, 7, false},
      {"OVMF HTTP Boot", edk2_http(), ClientKind::uefi_http, Arch::x64, 16, false},
      {"UEFI that says 9 for x64", edk2(MessageType::discover, 9, "PXEClient:Arch:00009:UNDI:003016"),
       ClientKind::uefi_pxe, Arch::x64, 9, false},
      {"ia32 UEFI", edk2(MessageType::discover, 6, "PXEClient:Arch:00006:UNDI:003000"), ClientKind::uefi_pxe,
       Arch::ia32, 6, false},
      {"BIOS ROM", bios_rom(), ClientKind::bios_rom, Arch::bios, 0, false},
      {"user class in RFC 3004's form",
       with(with_class("PXEClient"), opt::user_class, {4, 'i', 'P', 'X', 'E'}), ClientKind::ipxe, Arch::bios,
       0, false},
      {"another user class", with(with_class("PXEClient"), opt::user_class, {4, 'a', 'P', 'X', 'E'}),
       ClientKind::bios_rom, Arch::bios, 0, false},
      {"175 alone", with(with_class("PXEClient"), opt::ipxe_encapsulated, {0x13, 1, 1}), ClientKind::ipxe,
       Arch::bios, 0, true},
      {"175 broken: still iPXE, able to nothing",
       with(with_class("PXEClient"), opt::ipxe_encapsulated, {0x13, 9, 1}), ClientKind::ipxe, Arch::bios, 0,
       false},
      {"93 missing, class tells", with_class("PXEClient:Arch:00007:UNDI:003000"), ClientKind::uefi_pxe,
       Arch::x64, 7, false},
      {"93 of one octet, class tells (Pi 4 under EDK2)",
       with(with_class("PXEClient:Arch:00011:UNDI:003000"), opt::client_arch, {11}), ClientKind::uefi_pxe,
       Arch::arm64, 11, false},
      {"neither tells", with_class("PXEClient"), ClientKind::bios_rom, Arch::bios, 0, false},
      {"93 against the class text: 93", with_arch(with_class("PXEClient:Arch:00000:UNDI:002001"), 7),
       ClientKind::uefi_pxe, Arch::x64, 7, false},
      {"HTTP class with PXE's id: the class decides", with_arch(with_class("HTTPClient"), 7),
       ClientKind::uefi_http, Arch::x64, 7, false},
      {"U-Boot by id, no class", with_arch(request(MessageType::discover), 22), ClientKind::uboot,
       Arch::arm64, 22, false},
      {"U-Boot by class", with_arch(with_class("U-Boot.armv8"), 11), ClientKind::uboot, Arch::arm64, 11,
       false},
      {"Raspberry Pi's boot ROM", bios_rom(MessageType::discover, pi), ClientKind::raspberry_pi, Arch::arm64,
       0, false},
      {"Raspberry Pi under UEFI", pi_as_uefi, ClientKind::uefi_pxe, Arch::arm64, 11, false},
      {"architecture unheard of", with_arch(with_class("PXEClient"), 999), ClientKind::uefi_pxe, Arch::other,
       999, false},
  };
  for (const Row& row : rows) {
    const auto got = facts_from(row.input);
    ASSERT_TRUE(got) << row.name;
    EXPECT_EQ(got->kind, row.kind) << row.name << ": " << print(got->kind);
    EXPECT_EQ(got->arch, row.arch) << row.name << ": " << print(got->arch);
    EXPECT_EQ(got->arch_id, row.arch_id) << row.name;
    EXPECT_EQ(got->ipxe.http, row.http) << row.name;
    EXPECT_TRUE(got->firmware_known) << row.name;
  }
}

TEST(Facts, Refusals) {
  Message no_ethernet = edk2();
  no_ethernet.htype = 32;
  Message short_address = edk2();
  short_address.hlen = 0;
  const Message zero = request(MessageType::discover, base::Mac{});
  const Message group = bios_rom(MessageType::discover, base::Mac{{0x01, 0, 0x5e, 0, 0, 1}});
  std::vector<std::uint8_t> wrong_type = machine_id;
  wrong_type[0] = 1;
  struct Row {
    const char* name;
    Message input;
    FactsRefusal want;
  };
  const Row rows[] = {
      {"InfiniBand", no_ethernet, FactsRefusal::bad_hardware_address},
      {"no address", short_address, FactsRefusal::bad_hardware_address},
      {"zero address", zero, FactsRefusal::bad_hardware_address},
      {"group address", group, FactsRefusal::bad_hardware_address},
      {"an operating system", with_class("MSFT 5.0"), FactsRefusal::not_network_boot},
      {"no class", request(MessageType::discover), FactsRefusal::not_network_boot},
      {"class that only contains the word", with_class("my PXEClient"), FactsRefusal::not_network_boot},
      {"machine id of 16 octets",
       with(with_class("PXEClient"), opt::machine_id, std::vector<std::uint8_t>(16)),
       FactsRefusal::malformed_machine_id},
      {"machine id of 41 octets",
       with(with_class("PXEClient"), opt::machine_id, std::vector<std::uint8_t>(41)),
       FactsRefusal::malformed_machine_id},
      {"machine id of another type", with(with_class("PXEClient"), opt::machine_id, wrong_type),
       FactsRefusal::malformed_machine_id},
  };
  for (const Row& row : rows) {
    const auto got = facts_from(row.input);
    ASSERT_FALSE(got) << row.name;
    EXPECT_EQ(got.error(), row.want) << row.name;
  }
}

TEST(Facts, MachineIdMayBeMissingOrNeverSet) {
  EXPECT_EQ(facts_from(edk2())->uuid->print(), "33221100-5544-7766-8899-aabbccddeeff");
  EXPECT_FALSE(facts_from(with_class("PXEClient"))->uuid);
  EXPECT_FALSE(facts_from(with(with_class("PXEClient"), opt::machine_id, {}))->uuid)
      << "some ROMs send it empty";
  EXPECT_FALSE(
      facts_from(with(with_class("PXEClient"), opt::machine_id, std::vector<std::uint8_t>(17)))->uuid);
}

TEST(Facts, RelayIsGiaddr) {
  Message m = edk2();
  m.giaddr = {{10, 9, 0, 1}};
  EXPECT_EQ(facts_from(m)->relay, m.giaddr);
  EXPECT_EQ(facts_from(m)->mac, client_mac);
}

}  // namespace
}  // namespace session
