// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/inf.h"

#include <gtest/gtest.h>

#include "format/setup_text.h"
#include "format/utf16.h"

namespace format {
namespace {

using policy::Arch;

const std::string adapter = R"(; a network adapter
[Version]
Signature = "$Windows NT$"
Class = Network Thing       ; the number counts
ClassGUID = {4D36E972-E325-11CE-BFC1-08002BE10318}
CatalogFile.NTamd64 = e1d.cat

[Manufacturer]
%Maker% = Nics, NTamd64.10.0...16299, NTarm64
%Other% = Nics, NTamd64.10.0...16299

[Nics]
%Name% = Install, PCI\VEN_8086&DEV_0001

[nics.ntamd64.10.0...16299]
%Name% = Install, PCI\VEN_8086&DEV_15B8&SUBSYS_00008086&REV_01, PCI\VEN_8086&DEV_15B8
%Name% = Install, \
   USB\VID_0BDA&PID_8153, VMBUS\{f8615163}, %Id%

[Nics.NTarm64]
"Name; with a sign = and a comma, too" = Install, PCI\VEN_8086&DEV_15B7

[Strings]
Maker = "A maker"
Name  = "100% good"
Id    = "PCI\CC_0200"
)";

Inf read(std::string_view text) {
  auto inf = read_inf(base::as_bytes(text));
  EXPECT_TRUE(inf.has_value()) << (inf ? "" : inf.error().what);
  return inf.value_or(Inf{});
}

TEST(Inf, ClassCatalogAndDevicesOfEachProcessor) {
  const Inf inf = read(adapter);
  EXPECT_EQ(inf.driver_class, "Net");
  EXPECT_EQ(inf.catalogs, std::vector<std::string>{"e1d.cat"});
  EXPECT_EQ(devices_for(inf, Arch::x64),
            (std::vector<std::string>{"8086:15b8", "PCI\\CC_0200", "VMBUS\\{f8615163}", "usb 0bda:8153"}));
  EXPECT_EQ(devices_for(inf, Arch::arm64), std::vector<std::string>{"8086:15b7"});
  EXPECT_EQ(devices_for(inf, Arch::ia32), std::vector<std::string>{"8086:0001"});
  EXPECT_TRUE(is_for(inf, Arch::x64));
  EXPECT_FALSE(is_for(inf, Arch::arm32));
}

TEST(Inf, InEachEncodingTheSame) {
  const Inf inf = read(adapter);
  EXPECT_EQ(read("\xef\xbb\xbf" + adapter), inf);
  const auto wide = utf16_of(adapter);
  ASSERT_TRUE(wide);
  EXPECT_EQ(read("\xff\xfe" + std::string(base::as_text(*wide))), inf);
  std::string lines;
  for (const char c : adapter) lines += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(read(lines), inf);
}

TEST(Inf, WithoutADecorationItIsForX86) {
  const Inf inf = read(
      "[version]\nsignature=$CHICAGO$\nclass=SCSIAdapter\n[manufacturer]\nAcme\n"
      "[acme]\nx=y,PCI\\VEN_1AF4&DEV_1004\n");
  EXPECT_EQ(inf.driver_class, "SCSIAdapter");
  EXPECT_TRUE(inf.catalogs.empty());
  EXPECT_TRUE(is_for(inf, Arch::ia32));
  EXPECT_FALSE(is_for(inf, Arch::x64));
}

TEST(Inf, WhatIsNoDriversDescriptionIsRefused) {
  for (const char* text : {"", "[autorun]\nopen=setup.exe\n", "[Version]\nClass=Net\n", "\xff\xfe\x5b"}) {
    EXPECT_FALSE(read_inf(base::as_bytes(text)).has_value()) << text;
  }
  EXPECT_FALSE(read_inf(base::Bytes(largest_inf + 1, ' ')).has_value());
}

TEST(Inf, OnlyWhatABootNeeds) {
  for (const char* name : {"Net", "net", "SCSIAdapter", "hdc", "System", "USB"})
    EXPECT_TRUE(is_boot_class(name));
  for (const char* name : {"", "Printer", "Display", "Media"}) EXPECT_FALSE(is_boot_class(name));
}

TEST(Inf, AHundredThousandLinesAreReadInNoTime) {
  std::string text = "[Version]\nSignature=$Windows NT$\n[Manufacturer]\n";
  for (int i = 0; i < 30'000; ++i) text += "a=b,c,d,e\n";
  text += "[b]\n";
  for (int i = 0; i < 60'000; ++i) text += "x=y,PCI\\VEN_8086,b\n";
  for (int i = 0; i < 30'000; ++i) text += "[b" + std::to_string(i) + "]\n";
  const Inf inf = read(text);
  ASSERT_EQ(inf.models.size(), 1U);
  EXPECT_EQ(inf.models[0].devices.size(), most_inf_devices);
}

TEST(SetupText, QuotesAndCommentsAndWhatIsContinued) {
  const auto sections =
      sections_of("lost\n[One] ; begins\n a = \"x;y\" ; said\n\n[two]\nb, c\\\nd\n[ONE]\n e\n");
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections[0].name, "One");
  EXPECT_EQ(sections[0].lines, (std::vector<std::string>{"a = \"x;y\"", "e"}));
  EXPECT_EQ(sections[1].lines, (std::vector<std::string>{"b, c\\", "d"}));
  const auto continued = sections_of("[two]\nb, c\\\nd\n", {.continued = true});
  EXPECT_EQ(continued.front().lines, std::vector<std::string>{"b, cd"});
  EXPECT_EQ(entry_of("a = \"x;y\"").value, "\"x;y\"");
  EXPECT_EQ(values_of("\"a, \"\"b\"\"\", c ,"), (std::vector<std::string>{"a, \"b\"", "c", ""}));
}

}  // namespace
}  // namespace format
