// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/check_referral.h"

#include <gmock/gmock.h>

#include <functional>

#include "sites.h"

namespace policy {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Referral «west» with one sound server, and all that a row turns round.
struct Case {
  SiteModel model;
  std::vector<Device> devices;
  std::vector<base::Ipv4> own = {ipv4("10.0.0.1"), ipv4("192.0.2.1")};

  Case() {
    model.servers = {
        {1, "wds", ipv4("10.0.0.2"), {{Arch::bios, "boot/wdsnbp.com"}, {Arch::x64, "x64/snponly.efi"}}},
        {2, "second", ipv4("10.0.0.3"), {{Arch::bios, "bios/pxelinux.0"}}}};
    model.referrals = {{7, "west", {{1, 1}}}};
    model.images = {image(1), image(2, Arch::arm64)};
    model.collections = {collection(1), collection(2)};
    model.task_sequences = {{9, "install", 2, {}}};
  }
  Referral& west() { return model.referrals.front(); }
  BootServer& wds() { return model.servers.front(); }
  [[nodiscard]] std::string fault() const {
    const Snapshot snapshot = site(model, devices);
    const auto good = check_referral(model.referrals.front(), snapshot, own);
    return good ? "" : good.error().what;
  }
};

TEST(CheckReferral, WhatWorks) {
  Case c;
  EXPECT_EQ(c.fault(), "");
  c.west().shares = {{1, 1}, {2, 3}};
  EXPECT_EQ(c.fault(), "");
  c.west().shares = {{1, 1}, {2, 0}};
  c.model.servers[1].address = ipv4("10.0.0.1");
  EXPECT_EQ(c.fault(), "") << "nobody is sent to a share without weight";
  c.wds().files = {{Arch::x64, "boot/x64/bootmgfw.efi"}};
  EXPECT_EQ(c.fault(), "") << "a program of which nothing is known";
}

TEST(CheckReferral, WhatDoesNot) {
  const struct {
    const char* name;
    std::function<void(Case&)> change;
    const char* said;
  } rows[] = {
      {"nobody", [](Case& c) { c.west().shares.clear(); }, "it leads to no server"},
      {"no weight",
       [](Case& c) {
         c.west().shares = {{1, 0}};
       },
       "give a share a weight above 0"},
      {"itself", [](Case& c) { c.wds().address = ipv4("192.0.2.1"); },
       "server \"wds\": 192.0.2.1 is this server itself"},
      {"no host", [](Case& c) { c.wds().address = ipv4("127.0.0.1"); }, "127.0.0.1 is not the address of a"},
      {"broadcast", [](Case& c) { c.wds().address = ipv4("255.255.255.255"); }, "is not the address of a"},
      {"one server twice",
       [](Case& c) {
         c.west().shares = {{1, 1}, {2, 1}};
         c.model.servers[1].address = ipv4("10.0.0.2");
       },
       "servers \"wds\" and \"second\" are one, at 10.0.0.2"},
      {"no file", [](Case& c) { c.wds().files.clear(); }, "server \"wds\" names no file"},
      {"shim",
       [](Case& c) {
         c.wds().files = {{Arch::x64, "EFI/debian/SHIMX64.EFI"}};
       },
       "EFI/debian/SHIMX64.EFI cannot be referred to: shim takes GRUB"},
      {"grub",
       [](Case& c) {
         c.wds().files = {{Arch::x64, "grubnetx64.efi.signed"}};
       },
       "next-server"},
      {"Microsoft's for UEFI",
       [](Case& c) {
         c.wds().files = {{Arch::x64, "boot\\x64\\wdsmgfw.efi"}};
       },
       "Microsoft's guide excludes UEFI"},
      {"an architecture that nobody knows",
       [](Case& c) {
         c.wds().files = {{Arch::other, "x"}};
       },
       "no firmware of architecture other"},
      {"a collection that boots something else",
       [](Case& c) {
         c.model.collections[1].referral = 7;
         c.model.deployments = {deployment(1, ToCollection{2}, Purpose::required, 2)};
       },
       "collection \"c2\" is referred, \"image-2\" for arm64 is deployed to it"},
      {"a device that runs something else",
       [](Case& c) {
         c.devices = {with_extras(device(5, {mac_1}), {{}, "", 0, 7, {}})};
         c.model.deployments = {deployment(1, ToDevice{5})};
         c.model.deployments[0].what = ToRun{9};
       },
       "device \"device-5\" is referred, \"image-2\" for arm64"},
  };
  for (const auto& row : rows) {
    Case c;
    row.change(c);
    EXPECT_THAT(c.fault(), AllOf(HasSubstr("referral \"west\": "), HasSubstr(row.said))) << row.name;
  }
}

TEST(CheckReferral, WhatOthersBootIsNoneOfItsBusiness) {
  Case c;
  c.model.deployments = {deployment(1, ToAll{}, Purpose::available, 2),
                         deployment(2, ToCollection{1}, Purpose::required, 2),
                         deployment(3, ToCollection{2})};
  c.model.collections[1].referral = 7;
  EXPECT_EQ(c.fault(), "");
}

TEST(CheckReferral, ABiosFileServesImagesOfBothWidths) {
  Case c;
  c.wds().files = {{Arch::bios, "boot/wdsnbp.com"}};
  c.model.collections[1].referral = 7;
  c.model.deployments = {deployment(1, ToCollection{2})};
  EXPECT_EQ(c.fault(), "");
}

}  // namespace
}  // namespace policy
