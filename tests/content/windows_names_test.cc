// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/windows_names.h"

#include <gtest/gtest.h>

#include "content/published.h"

namespace content {
namespace {

std::string file(std::string_view asked) {
  const auto name = normalise(asked);
  if (!name) return "refused";
  return std::string(windows_file(*name).value_or("nothing"));
}

TEST(WindowsNames, BothSystemsLayoutsInEverySpelling) {
  for (const char* asked : {"bootmgr.exe", "\\bootmgr.exe", "Boot\\bootmgr.exe", "\\Boot\\x64\\bootmgr.exe",
                            "/boot\\x86/BOOTMGR.EXE", "SMSBoot\\x64\\bootmgr.exe"})
    EXPECT_EQ(file(asked), "bootmgr.exe") << asked;
  for (const char* asked :
       {"\\Boot\\Fonts\\wgl4_boot.ttf", "boot/fonts/wgl4_boot.ttf", "SMSBoot\\Fonts\\wgl4_boot.ttf"})
    EXPECT_EQ(file(asked), "fonts/wgl4_boot.ttf") << asked;
  for (const char* asked : {"\\Boot\\boot.sdi", "SMSBoot\\boot.sdi", "boot.sdi"})
    EXPECT_EQ(file(asked), "boot.sdi") << asked;
  for (const char* asked :
       {"\\SMSImages\\ABC00005\\boot.ABC00005.wim", "Boot\\x64\\Images\\boot.wim", "boot/images/pe.wim"})
    EXPECT_EQ(file(asked), "boot.wim") << asked;
  EXPECT_EQ(file("\\Boot\\arm64\\bootmgfw.efi"), "bootmgfw.efi");
}

TEST(WindowsNames, WhatWindowsMerelyHopesForIsNotThere) {
  for (const char* asked :
       {"\\hiberfil.sys", "EFI\\Microsoft\\Boot\\SiPolicy.p7b", "\\Boot\\BCD.LOG",
        "boot/x64/../x64/bootmgr.exe", "Boot\\Fonts\\..\\bootmgr.exe", "boot/fonts/letters.exe",
        "boot/fonts/a/b.ttf", "smsimages/boot.wim", "smsimages//boot.wim", "smsimages/a/b/boot.wim",
        "smsimages/a/boot.wim.bak", "boot/images/a/b.wim", "", "boot", "fonts/"})
    EXPECT_TRUE(file(asked) == "nothing" || file(asked) == "refused") << asked << ": " << file(asked);
}

TEST(WindowsNames, BootConfigurations) {
  const auto name = [](std::string_view asked) { return parse_rendered_name(*normalise(asked)); };
  for (const char* asked : {"\\Boot\\BCD", "boot/bcd", "SMSBoot\\BCD"}) {
    ASSERT_TRUE(name(asked)) << asked;
    EXPECT_EQ(name(asked)->what, Rendered::windows_bcd);
    EXPECT_FALSE(name(asked)->mac);
  }
  const auto own = name("\\bcd\\52-54-00-12-34-56.bcd");
  ASSERT_TRUE(own && own->mac);
  EXPECT_EQ(own->mac->print(), "52:54:00:12:34:56");
  EXPECT_EQ(own->image, 0);
  const auto one = name("\\bcd\\52-54-00-12-34-56\\17.bcd");
  ASSERT_TRUE(one && one->mac);
  EXPECT_EQ(one->image, 17);
  for (const char* bad :
       {"bcd/52-54-00-12-34-56/0.bcd", "bcd/52-54-00-12-34-56/017.bcd", "bcd/52-54-00-12-34-56/.bcd",
        "bcd/52-54-00-12-34-56/-1.bcd", "bcd/52-54-00-12-34-56/1/2.bcd", "bcd/x.bcd", "bcd/.bcd",
        "bcd/52-54-00-12-34-56/99999999999999999999.bcd", "boot/bcd.log"})
    EXPECT_FALSE(name(bad)) << bad;
}

}  // namespace
}  // namespace content
