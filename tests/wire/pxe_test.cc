// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/pxe.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wire::pxe {
namespace {

base::Bytes bytes(std::string_view hex_digits) {
  base::Bytes out;
  for (std::size_t i = 0; i + 1 < hex_digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex_digits.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

TEST(PxeVendorClass, Texts) {
  struct Case {
    const char* text;
    VendorClass want;
  };
  const Case cases[] = {
      {"PXEClient:Arch:00007:UNDI:003000", {ClassKind::pxe, 7}},
      {"HTTPClient:Arch:00016:UNDI:003000", {ClassKind::http, 16}},
      {"PXEClient:Arch:00000:UNDI:002001", {ClassKind::pxe, 0}},
      {"PXEClient", {ClassKind::pxe, {}}},
      {"HTTPClient", {ClassKind::http, {}}},
      {"PXEClient:Arch:00011", {ClassKind::pxe, 11}},
      {"PXEClient:Arch:65535:UNDI:003000", {ClassKind::pxe, 65535}},
      {"PXEClient:Arch:65536:UNDI:003000", {ClassKind::pxe, {}}},  // passes 16 bits
      {"PXEClient:Arch:", {ClassKind::pxe, {}}},
      {"PXEClient:Arch:0000x", {ClassKind::pxe, {}}},
      {"PXEClient:Arch:-7", {ClassKind::pxe, {}}},
      {"PXEClientele", {ClassKind::pxe, {}}},
      {"PXEClien", {}},
      {"pxeclient", {}},
      {"anaconda-Linux 6.1", {}},
      {"", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(decode_vendor_class(c.text), c.want) << c.text;
}

TEST(PxeClientArch, FirstOfTheList) {
  EXPECT_EQ(decode_client_arch(bytes("0007")), 7);
  EXPECT_EQ(decode_client_arch(bytes("00090007")), 9);
  EXPECT_FALSE(decode_client_arch({}).has_value());
  EXPECT_FALSE(decode_client_arch(bytes("07")).has_value()) << "one octet";
  EXPECT_FALSE(decode_client_arch(bytes("000700")).has_value()) << "half an id behind";
}

TEST(PxeClientArch, Names) {
  EXPECT_EQ(arch_name(0), "x86 BIOS");
  EXPECT_EQ(arch_name(7), "x64 UEFI");
  EXPECT_EQ(arch_name(9), "EFI byte code");
  EXPECT_EQ(arch_name(11), "ARM64 UEFI");
  EXPECT_EQ(arch_name(16), "x64 UEFI HTTP");
  EXPECT_EQ(arch_name(27), "RISC-V64 UEFI");
  EXPECT_EQ(arch_name(40), "LoongArch64 UEFI HTTP");
  EXPECT_EQ(arch_name(65535), "unknown");
}

TEST(PxeUserClass, RawOrInstances) {
  EXPECT_TRUE(user_class_is(base::as_bytes("iPXE"), "iPXE")) << "iPXE writes no length octet";
  EXPECT_TRUE(user_class_is(base::as_bytes("\4iPXE"), "iPXE"));
  EXPECT_TRUE(user_class_is(base::as_bytes("\3foo\4iPXE"), "iPXE"));
  EXPECT_FALSE(user_class_is(base::as_bytes("\4iPXEx"), "foo"));
  EXPECT_FALSE(user_class_is(base::as_bytes("iPXE2"), "iPXE"));
  EXPECT_FALSE(user_class_is(base::as_bytes("\5iPXE"), "iPXE")) << "the length passes the end";
  EXPECT_FALSE(user_class_is({}, "iPXE"));
}

// The strings that iPXE sends; the last is of an upstream build of 2026.
TEST(PxeIpxe, RealStrings) {
  const auto bios = decode_ipxe(bytes(
      "b105011af41000eb03010000170101220101130101110101270101190101290101100102210101150101180101120101"));
  ASSERT_TRUE(bios.has_value());
  EXPECT_EQ(*bios, (IpxeFeatures{.http = true,
                                 .tftp = true,
                                 .pxe = true,
                                 .elf = true,
                                 .bzimage = true,
                                 .menu = true,
                                 .version = 0x010000}));
  const auto efi =
      decode_ipxe(bytes("b105011af41000eb03010000170101240101130101110101270101290101150101120101"));
  ASSERT_TRUE(efi.has_value());
  EXPECT_EQ(*efi, (IpxeFeatures{.http = true, .tftp = true, .efi = true, .menu = true, .version = 0x010000}));
  EXPECT_EQ(decode_ipxe(bytes("eb03020003140101"))->version, 0x020003U);
  EXPECT_TRUE(decode_ipxe(bytes("eb03020003140101"))->https);
}

TEST(PxeIpxe, Hostile) {
  EXPECT_EQ(decode_ipxe({}), IpxeFeatures{});
  EXPECT_EQ(decode_ipxe(bytes("1300")), IpxeFeatures{}) << "a feature without value";
  EXPECT_EQ(decode_ipxe(bytes("130100")), IpxeFeatures{}) << "a feature that is off";
  EXPECT_EQ(decode_ipxe(bytes("eb020100")), IpxeFeatures{}) << "a short version";
  EXPECT_EQ(decode_ipxe(bytes("130101ff14")), (IpxeFeatures{.http = true})) << "octets behind the end";
  EXPECT_FALSE(decode_ipxe(bytes("1301011402")).has_value()) << "a length passes the end";
}

TEST(PxeVendorInfo, Decodes) {
  const auto menu =
      decode_vendor_info(bytes("0601030a0400505845"
                               "0807"
                               "8000010aee0002"
                               "0909"
                               "800006736372697074"
                               "ff"));
  ASSERT_TRUE(menu.has_value());
  EXPECT_EQ(menu->discovery_control, 3);
  EXPECT_EQ(menu->prompt, (MenuPrompt{0, "PXE"}));
  ASSERT_EQ(menu->boot_servers.size(), 1U);
  EXPECT_EQ(menu->boot_servers[0], (BootServers{0x8000, {{{10, 238, 0, 2}}}}));
  ASSERT_EQ(menu->menu.size(), 1U);
  EXPECT_EQ(menu->menu[0], (MenuEntry{0x8000, "script"}));
  EXPECT_EQ(decode_vendor_info(bytes("470480000000ff"))->boot_item, (BootItem{0x8000, 0}));
  EXPECT_EQ(decode_vendor_info(base::ByteView(just_boot_info))->discovery_control, control::just_boot);
  EXPECT_EQ(decode_vendor_info({}), VendorInfo{});
  EXPECT_EQ(decode_vendor_info(bytes("0104e00000010201004001ff")), VendorInfo{}) << "MTFTP and unknown tags";
  EXPECT_EQ(decode_vendor_info(bytes("0803800000ff"))->boot_servers.at(0), (BootServers{0x8000, {}}))
      << "any server of a type";
}

TEST(PxeVendorInfo, Refuses) {
  struct Case {
    const char* name;
    const char* hex;
    VendorRefusal want;
  };
  const Case cases[] = {
      {"a tag without length", "06", VendorRefusal::past_end},
      {"a length past the end",
       "060108"
       "0a20",
       VendorRefusal::past_end},
      {"discovery control of two octets", "06020808", VendorRefusal::bad_length},
      {"discovery control of none", "0600", VendorRefusal::bad_length},
      {"half a multicast address", "0702e000", VendorRefusal::bad_length},
      {"a boot server list that ends in a type", "080180", VendorRefusal::bad_length},
      {"more boot servers counted than sent", "08078000020aee0002", VendorRefusal::bad_length},
      {"255 boot servers counted, none sent", "08038000ff", VendorRefusal::bad_length},
      {"a menu text longer than the menu", "090480000541", VendorRefusal::bad_length},
      {"a prompt without time-out", "0a00", VendorRefusal::bad_length},
      {"a boot item without layer", "47028000", VendorRefusal::bad_length},
  };
  for (const Case& c : cases) {
    const auto info = decode_vendor_info(bytes(c.hex));
    ASSERT_FALSE(info.has_value()) << c.name;
    EXPECT_EQ(info.error(), c.want) << c.name;
  }
  EXPECT_NE(print(VendorRefusal::past_end), print(VendorRefusal::bad_length));
}

TEST(PxeVendorInfo, NeverOver255Octets) {
  VendorInfo info;
  info.prompt = MenuPrompt{255, std::string(251, 'a')};  // 2 + 1 + 251 + end
  EXPECT_EQ(encode_vendor_info(info)->size(), 255U);
  info.prompt->text += 'a';
  EXPECT_FALSE(encode_vendor_info(info).has_value());
  info = {};
  info.boot_servers = {{1, std::vector<base::Ipv4>(256)}};
  EXPECT_FALSE(encode_vendor_info(info).has_value()) << "a count that wraps to 0";
  info = {};
  info.menu = {{1, std::string(256, 'a')}};
  EXPECT_FALSE(encode_vendor_info(info).has_value()) << "a length that wraps to 0";
  info = {};
  info.discovery_control = control::just_boot;
  EXPECT_EQ(*encode_vendor_info(info), base::Bytes(std::begin(just_boot_info), std::end(just_boot_info)));
}

TEST(PxeBootItem, FoundWithoutTheRest) {
  EXPECT_EQ(find_boot_item(bytes("470480000001ff")), (BootItem{0x8000, 1}));
  EXPECT_EQ(find_boot_item(bytes("060108"
                                 "470400018000")),
            (BootItem{1, 0x8000}));
  EXPECT_FALSE(find_boot_item(bytes("060108ff"
                                    "470400018000"))
                   .has_value())
      << "behind the end";
  EXPECT_FALSE(find_boot_item(bytes("4703000180")).has_value());
  EXPECT_FALSE(find_boot_item({}).has_value());
}

TEST(PxeRelay, FourOctetsOrNothing) {
  const base::Bytes option82 = bytes(
      "0102ff00"
      "05040a140000"
      "0b0401020304");
  EXPECT_EQ(find_relay_address(option82, relay_tag::link_selection)->print(), "10.20.0.0");
  EXPECT_EQ(find_relay_address(option82, relay_tag::server_id_override)->print(), "1.2.3.4");
  EXPECT_FALSE(find_relay_address(option82, relay_tag::circuit_id).has_value()) << "no address";
  EXPECT_FALSE(find_relay_address(option82, relay_tag::remote_id).has_value()) << "absent";
  EXPECT_FALSE(find_relay_address(bytes("0504010203"), relay_tag::link_selection).has_value()) << "cut off";
}

TEST(PxeProperty, DecodeOfEncodeIsTheSame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  };
  const auto u16 = [&] { return static_cast<std::uint16_t>(pick(0, 65535)); };
  const auto u8 = [&] { return static_cast<std::uint8_t>(pick(0, 255)); };
  const auto ip = [&] { return base::Ipv4::from_host_order(static_cast<std::uint32_t>(random())); };
  const auto text = [&](std::size_t high) {
    std::string out(pick(0, high), '\0');
    for (char& c : out) c = static_cast<char>(u8());
    return out;
  };
  int encoded = 0;
  for (int i = 0; i < 3000; ++i) {
    VendorInfo info;
    if (pick(0, 1) == 0) info.discovery_control = u8();
    if (pick(0, 1) == 0) info.discovery_multicast = ip();
    for (std::size_t n = pick(0, 4); n > 0; --n) {
      BootServers& servers = info.boot_servers.emplace_back(BootServers{u16(), {}});
      for (std::size_t k = pick(0, 5); k > 0; --k) servers.addresses.push_back(ip());
    }
    for (std::size_t n = pick(0, 5); n > 0; --n) info.menu.push_back({u16(), text(30)});
    if (pick(0, 1) == 0) info.prompt = MenuPrompt{u8(), text(40)};
    if (pick(0, 1) == 0) info.boot_item = BootItem{u16(), u16()};
    const auto octets = encode_vendor_info(info);
    if (!octets) continue;
    ++encoded;
    ASSERT_LE(octets->size(), 255U);
    const auto again = decode_vendor_info(*octets);
    ASSERT_TRUE(again.has_value());
    ASSERT_EQ(*again, info);
  }
  EXPECT_GT(encoded, 1000);
}

}  // namespace
}  // namespace wire::pxe
