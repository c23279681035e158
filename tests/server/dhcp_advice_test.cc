// SPDX-License-Identifier: GPL-3.0-or-later
// What is said for each arrangement; tests/cli has the DHCP servers themselves read it.
#include "server/dhcp_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace server {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::array all{DhcpSoftware::kea, DhcpSoftware::isc, DhcpSoftware::dnsmasq, DhcpSoftware::windows};

AdviceFacts facts(Arrangement arrangement, policy::UnknownUefi chain = policy::UnknownUefi::ipxe) {
  AdviceFacts out;
  out.arrangement = arrangement;
  out.unknown_uefi = chain;
  out.here = *base::Ipv4::parse("10.0.0.2");
  return out;
}

AdviceSection find(const std::vector<AdviceSection>& sections, std::string_view id) {
  for (const AdviceSection& section : sections) {
    if (section.id == id) return section;
  }
  ADD_FAILURE() << "no section " << id;
  return {};
}

std::string to_set(DhcpSoftware software, const AdviceFacts& given) {
  return find(dhcp_advice(software, given), "set").text;
}

struct Row {
  const char* name;
  AdviceFacts facts;
  std::vector<const char*> says, never;  // of what is to be set, by each server
};

TEST(DhcpAdvice, WhatIsToBeSet) {
  auto second_order = facts(Arrangement::beside);
  second_order.second_order_file = "programs/finder/1/wdsnbp.com";
  auto without_http = facts(Arrangement::files_only);
  without_http.http = false;
  const Row rows[] = {
      {"beside", facts(Arrangement::beside), {}, {"10.0.0.2", "PXEClient"}},
      {"beside, shim",
       facts(Arrangement::beside, policy::UnknownUefi::shim),
       {"10.0.0.2"},
       {".efi", "http:"}},
      {"files",
       facts(Arrangement::files_only),
       {"10.0.0.2", "bios/pxelinux.0", "x64/snponly.efi", "http://10.0.0.2/boot.ipxe", "iPXE", "HTTPClient"},
       {"shimx64"}},
      {"files, shim",
       facts(Arrangement::files_only, policy::UnknownUefi::shim),
       {"bios/pxelinux.0", "x64/shimx64.efi"},
       {"snponly", "HTTPClient"}},
      {"files without HTTP", without_http, {"x64/snponly.efi"}, {"http:", "HTTPClient", "boot.ipxe"}},
      {"second order", second_order, {"programs/finder/1/wdsnbp.com", "10.0.0.2"}, {".efi", "boot.ipxe"}},
  };
  for (const Row& row : rows) {
    for (const DhcpSoftware software : all) {
      const std::string text = to_set(software, row.facts);
      SCOPED_TRACE(testing::Message() << row.name << ", " << print(software));
      for (const char* word : row.says) EXPECT_THAT(text, HasSubstr(word));
      for (const char* word : row.never) EXPECT_THAT(text, Not(HasSubstr(word)));
    }
  }
}

TEST(DhcpAdvice, OnOneHostOption60AndNothingElse) {
  for (const auto chain : {policy::UnknownUefi::ipxe, policy::UnknownUefi::shim}) {
    for (const DhcpSoftware software : {DhcpSoftware::kea, DhcpSoftware::isc, DhcpSoftware::dnsmasq}) {
      const std::string text = to_set(software, facts(Arrangement::same_host, chain));
      EXPECT_THAT(text, HasSubstr("PXEClient")) << print(software);
      for (const char* other : {"next-server", "filename", "boot-file", "dhcp-boot", "10.0.0.2"})
        EXPECT_THAT(text, Not(HasSubstr(other))) << print(software);
    }
    EXPECT_EQ(to_set(DhcpSoftware::windows, facts(Arrangement::same_host, chain)), "");
  }
}

TEST(DhcpAdvice, ArrangementsComeFromTheConfiguration) {
  Config config;
  EXPECT_EQ(arrangement_of(config), Arrangement::beside);
  config.proxydhcp = false;
  EXPECT_EQ(arrangement_of(config), Arrangement::same_host);
  config.boot_service = false;
  EXPECT_EQ(arrangement_of(config), Arrangement::files_only);
}

TEST(DhcpAdvice, RelaysPassBroadcastsOnlyToWhomAnswersThem) {
  for (const auto arrangement : {Arrangement::beside, Arrangement::same_host, Arrangement::files_only}) {
    auto given = facts(arrangement);
    given.relays = {*base::Ipv4::parse("10.1.0.1")};
    const auto relay = find(dhcp_advice(DhcpSoftware::kea, given), "relay");
    EXPECT_THAT(relay.text, HasSubstr("DHCP-SERVER"));
    if (arrangement == Arrangement::beside)
      EXPECT_THAT(relay.text, HasSubstr("ip helper-address 10.0.0.2"));
    else
      EXPECT_THAT(relay.text, Not(HasSubstr("10.0.0.2")));
  }
}

TEST(DhcpAdvice, PortsThatMachinesNeed) {
  const auto ports = [](const AdviceFacts& given) {
    return find(dhcp_advice(DhcpSoftware::kea, given), "reach").why;
  };
  EXPECT_THAT(ports(facts(Arrangement::beside)), HasSubstr("UDP 67"));
  EXPECT_THAT(ports(facts(Arrangement::same_host)), Not(HasSubstr("UDP 67")));
  EXPECT_THAT(ports(facts(Arrangement::same_host)), HasSubstr("UDP 4011"));
  EXPECT_THAT(ports(facts(Arrangement::files_only)), Not(HasSubstr("4011")));
  auto other_port = facts(Arrangement::files_only);
  other_port.http_port = 8080;
  EXPECT_THAT(ports(other_port), HasSubstr("TCP 8080"));
  EXPECT_THAT(to_set(DhcpSoftware::kea, other_port), HasSubstr("http://10.0.0.2:8080/boot.ipxe"));
}

TEST(DhcpAdvice, FurtherAddressesAreNamed) {
  auto given = facts(Arrangement::files_only);
  given.others = {"10.2.0.2 on eth1"};
  EXPECT_THAT(find(dhcp_advice(DhcpSoftware::isc, given), "set").why, HasSubstr("10.2.0.2 on eth1"));
}

}  // namespace
}  // namespace server
