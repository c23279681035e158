// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../content/scratch.h"
#include "bootimage/drivers.h"
#include "bootimage/uki.h"

namespace bootimage {
namespace {

using testing::HasSubstr;

TEST(Packages, AptsAnswerIsRead) {
  const auto download = parse_download(
      "'http://deb.debian.org/debian/pool/main/b/busybox/busybox-static_1.35.0-4%2bb1_amd64.deb' "
      "busybox-static_1%3a1.35.0-4+b1_amd64.deb 928188 SHA256:3d3f\n");
  ASSERT_TRUE(download) << download.error().what;
  EXPECT_EQ(download->file, "busybox-static_1%3a1.35.0-4+b1_amd64.deb");
  EXPECT_EQ(download->size, 928188U);
  for (const char* text :
       {"", "E: no", "'http://x' a.deb", "'http://x' ../a.deb 12 SHA256:1", "'http://x' a.deb x"})
    EXPECT_FALSE(parse_download(text)) << text;
}

TEST(Packages, TheFirstDependencyOfAKind) {
  const char* const control =
      "Package: linux-image-amd64\nPre-Depends: linux-image-no\n"
      "Depends: kmod, linux-image-6.1.0-56-amd64 (= 6.1.192-2), linux-image-x\n";
  EXPECT_EQ(first_dependency(control, "linux-image-"), "linux-image-6.1.0-56-amd64");
  EXPECT_EQ(first_dependency("Depends: kmod:any\n", "kmod"), "kmod");
  EXPECT_EQ(first_dependency("Depends:\nDepends: ,, ,\n", "linux"), "");
}

TEST(Packages, TheirDateIsTheArchives) {
  const Scratch scratch;
  const auto date =
      date_of(scratch.write("a.deb", "!<arch>\ndebian-binary   1778186025  0     0     100644  4\n"));
  ASSERT_TRUE(date) << date.error().what;
  EXPECT_EQ(*date, 1778186025);
  EXPECT_THAT(date_of(scratch.write("b.deb", "no package at all, but long enough for one")).error().what,
              HasSubstr("no Debian package"));
  EXPECT_FALSE(date_of(scratch.write("c.deb", "!<arch>\n")));
  EXPECT_FALSE(date_of(scratch.path("none.deb")));
}

TEST(Drivers, EveryOneHasAReasonAndNoTwoAreTheSame) {
  std::vector<std::string> names;
  for (const Driver& driver : drivers()) {
    names.emplace_back(driver.module);
    EXPECT_NE(std::string_view(driver.reason), "") << driver.module;
    EXPECT_EQ(std::string_view(driver.module).find('-'), std::string_view::npos) << driver.module;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Drivers, AModuleIsKnownByWhatItAsksFor) {
  const auto symbols = [](std::string_view name) {
    return std::string("\0kfree\0", 7) + std::string(name) + std::string("\0printk\0", 8);
  };
  EXPECT_EQ(kind_of_module(symbols("register_netdev")), DriverKind::network);
  EXPECT_EQ(kind_of_module(symbols("scsi_host_alloc")), DriverKind::storage);
  EXPECT_EQ(kind_of_module(symbols("unregister_netdev")), std::nullopt);
  EXPECT_EQ(kind_of_module(symbols("register_netdevice_notifier")), std::nullopt) << "only looks on";
  EXPECT_EQ(kind_of_module(""), std::nullopt);
}

TEST(Uki, SectionsGoBehindTheStubsLast) {
  const auto end = end_of_sections(
      "Sections:\nIdx Name          Size      VMA               LMA               File off  Algn\n"
      "  0 .text         0000d0f0  0000000140001000  0000000140001000  00000400  2**4\n"
      "                  CONTENTS, ALLOC, LOAD, READONLY, CODE\n"
      "  1 .reloc        0000000c  000000014001f000  000000014001f000  0000d600  2**2\n");
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, 0x140020000U);
  EXPECT_FALSE(end_of_sections("file format not recognized"));
}

TEST(Uki, TheTimeIsTakenOut) {
  std::string program(512, 'x');
  program.replace(0x3c, 4, std::string_view("\x80\0\0\0", 4));
  program.replace(0x80, 4, std::string_view("PE\0\0", 4));
  EXPECT_TRUE(take_out_time(program));
  EXPECT_EQ(program.substr(0x84, 12), std::string("xxxx\0\0\0\0xxxx", 12));
  EXPECT_EQ(program.substr(0xd6, 8), std::string("xx\0\0\0\0xx", 8));
  for (const std::size_t size : {0U, 0x3fU, 0x80U, 0xdbU}) {
    std::string cut = program.substr(0, size);
    EXPECT_FALSE(take_out_time(cut)) << size;
  }
}

}  // namespace
}  // namespace bootimage
