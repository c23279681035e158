// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace content {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PackageFile file(const std::string& name, const std::string& content) {
  return {base::sha256(content), content.size(), name};
}

TEST(Package, WorkedExample) {
  const Package package{{file("initrd.gz", "abc"), file("linux", "")}};
  const std::string text =
      "bootferry package 1\n"
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 initrd.gz\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 linux\n";
  EXPECT_EQ(print(package), text);
  EXPECT_EQ(parse_package(text), package);
  EXPECT_EQ(package.find("LINUX"), &package.files[1]);
  EXPECT_EQ(package.find("lin"), nullptr);
  EXPECT_EQ(package.find(".."), nullptr);
}

TEST(Package, NamesMayHoldSpaces) {
  const Package package{{file("sources/boot image (x64).wim", "w"), file("é", "e")}};
  EXPECT_EQ(parse_package(print(package)), package);
}

TEST(Package, WhatPrintDoesNotWriteIsRefused) {
  const std::string head = "bootferry package 1\n";
  const std::string hash = base::print(base::sha256("x"));
  const auto why = [](const std::string& text) {
    const auto parsed = parse_package(text);
    return parsed ? "taken" : parsed.error().what;
  };
  EXPECT_EQ(why(head), "taken");
  EXPECT_THAT(why(""), HasSubstr("no package of a kind"));
  EXPECT_THAT(why("bootferry package 2\n"), HasSubstr("no package of a kind"));
  EXPECT_EQ(why(head + hash + " 1 a"), "package, line 2: is cut off");
  EXPECT_THAT(why(head + hash.substr(1) + " 1 a\n"), HasSubstr("line 2: no SHA-256"));
  EXPECT_THAT(why(head + std::string(64, 'A') + " 1 a\n"), HasSubstr("no SHA-256"));
  EXPECT_THAT(why(head + "\n"), HasSubstr("no SHA-256"));
  for (const char* size : {"", "-1", "01", "1x", "99999999999999999999", "+1"})
    EXPECT_THAT(why(head + hash + " " + size + " a\n"), HasSubstr("no size")) << size;
  for (const char* name : {"", "/a", "a/../b", "a\tb", "a\\b", "a//b"})
    EXPECT_THAT(why(head + hash + " 1 " + name + "\n"), HasSubstr("file name")) << name;
  EXPECT_THAT(why(head + hash + " 1 b\n" + hash + " 1 a\n"), HasSubstr("line 3: a is out of order"));
  EXPECT_THAT(why(head + hash + " 1 a\n" + hash + " 1 a\n"), HasSubstr("out of order"));
}

TEST(Package, UsageTellsOwnFromShared) {
  const Package debian{{file("initrd", "12345"), file("linux", "123")}};
  const Package other{{file("again", "123"), file("linux", "123"), file("mine", "1234567")}};
  EXPECT_THAT(usage(std::vector{debian, other}), ElementsAre(Usage{5, 3}, Usage{7, 3}));
  EXPECT_THAT(usage(std::vector{other}), ElementsAre(Usage{10, 0}));
}

}  // namespace
}  // namespace content
