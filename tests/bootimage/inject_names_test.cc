// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_names.h"

#include <gtest/gtest.h>

namespace bootimage {
namespace {

TEST(ImagePath, EitherSlashAndNoMoreThanNeeded) {
  EXPECT_EQ(image_path("\\Tools\\x.exe").value(), "/Tools/x.exe");
  EXPECT_EQ(image_path("/Tools//x.exe/").value(), "/Tools/x.exe");
  EXPECT_EQ(image_path("\\Tools/d\xc3\xa9j\xc3\xa0 vu.txt").value(), "/Tools/d\xc3\xa9j\xc3\xa0 vu.txt");
  EXPECT_EQ(as_windows("/Tools/x.exe"), "\\Tools\\x.exe");
}

TEST(ImagePath, WhatWindowsCouldNotHaveIsRefused) {
  for (const char* typed : {"",      "\\",     "Tools\\x", "C:\\Tools",    "c:/x",   "\\a\\..\\b", "/./a",
                            "\\a:b", "\\a?",   "\\con",    "\\x\\NUL.txt", "\\LPT1", "\\com0.log", "\\a.",
                            "\\a ",  "\\a\nb", "\\a  b",   "\\\xff",       "\\a|b",  "\\\"a\""}) {
    EXPECT_FALSE(image_path(typed).has_value()) << typed;
  }
  EXPECT_FALSE(image_path("\\" + std::string(300, 'a')).has_value());
  EXPECT_TRUE(image_path("\\console\\com10\\lptx").has_value());
}

TEST(ImagePath, FoldersAboveAndBelow) {
  EXPECT_EQ(parents_of("/a/b/c"), (std::vector<std::string>{"/a", "/a/b"}));
  EXPECT_TRUE(parents_of("/a").empty());
  EXPECT_TRUE(is_at_or_below("/Drivers/1-a/x", "/drivers/1-A"));
  EXPECT_TRUE(is_at_or_below("/a", "/a"));
  EXPECT_FALSE(is_at_or_below("/Drivers/10", "/Drivers/1"));
}

TEST(ImagePath, BootProgramsAreKnown) {
  for (const char* path : {"/windows/boot/pxe/WDSNBP.com", "/Windows/Boot/Fonts/new.ttf", "/bootmgr",
                           "/Windows/System32/winload.efi", "/Windows/System32/config/SYSTEM"}) {
    EXPECT_TRUE(is_boot_program(path)) << path;
  }
  for (const char* path : {"/Tools/bootmgr", "/Windows/System32/startnet.cmd", "/Windows/Boot/PXE/mine.txt"})
    EXPECT_FALSE(is_boot_program(path)) << path;
}

TEST(PlainName, IsOneThatAScriptCanName) {
  EXPECT_EQ(plain_name("e1d 12.19 (x64)"), "e1d-12.19-x64");
  EXPECT_EQ(plain_name("100%"), "100");
  EXPECT_EQ(plain_name("\xc3\xa9"), "driver");
  EXPECT_EQ(plain_name(""), "driver");
  EXPECT_LE(plain_name(std::string(500, 'x')).size(), 40U);
}

}  // namespace
}  // namespace bootimage
