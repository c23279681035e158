// SPDX-License-Identifier: GPL-3.0-or-later
// Whole discs: tests/cli/test_image_inspect.py.
#include "content/disc_facts_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scratch.h"

namespace content {
namespace {

using format::DiscFile;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t size = 10'000;

DiscFacts linux_disc() {
  LinuxMedia media;
  media.kernel = {"install.amd/vmlinuz", 300, {{100, 200}, {4000, 100}}};
  media.initrds = {{"install.amd/initrd  two.gz", 9000, {{1000, 9000}}}, {"empty", 0, {}}};
  media.entry = {"install", media.kernel.path, {media.initrds[0].path, "empty"}, "--- quiet  splash"};
  media.kernel_facts = {policy::Arch::x64, "6.1.0", true, 2047};
  media.entries = {"install", "expert"};
  media.needs = {"casper", "preseed"};
  return {size, format::DiscNames::rock_ridge, "Debian", 900, media};
}

DiscFacts windows_disc() {
  WindowsTree tree;
  tree.folder = "x64";
  tree.boot_wim = DiscFile{"x64/sources/boot.wim", 5000, {{2000, 5000}}};
  tree.boot_sdi = DiscFile{"boot/boot.sdi", 10, {{7000, 10}}};
  tree.arch = policy::Arch::x64;
  tree.fonts = {{"boot/fonts/wgl4_boot.ttf", 3, {{8000, 3}}}};
  WindowsTree other;
  other.folder = "x86";
  other.install = DiscFile{"x86/sources/install.esd", 1, {{size - 1, 1}}};
  return {size, format::DiscNames::udf, "CCCOMA", 912, WindowsMedia{{tree, other}}};
}

std::string error_of(const Json& json) {
  const auto facts = parse_disc_facts(json.dump(), size);
  return facts ? "" : facts.error().what;
}

TEST(DiscFactsJson, WhatIsWrittenIsRead) {
  for (const DiscFacts& facts : {linux_disc(), windows_disc()}) {
    ASSERT_TRUE(check_disc_facts(facts));
    const std::string json = print_disc_facts(facts);
    const auto read = parse_disc_facts(json, size);
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(print_disc_facts(*read), json);
    EXPECT_EQ(read->names, facts.names);
  }
  const auto read = parse_disc_facts(print_disc_facts(linux_disc()), size);
  const auto& media = std::get<LinuxMedia>(read->media);
  EXPECT_EQ(media.entry, std::get<LinuxMedia>(linux_disc().media).entry);
  EXPECT_EQ(media.entries, std::get<LinuxMedia>(linux_disc().media).entries);
  EXPECT_EQ(media.needs, std::get<LinuxMedia>(linux_disc().media).needs);
  EXPECT_EQ(media.kernel_facts, std::get<LinuxMedia>(linux_disc().media).kernel_facts);
  EXPECT_EQ(media.kernel.extents, (std::vector<format::Extent>{{100, 200}, {4000, 100}}));
}

TEST(DiscFactsJson, EachLieEndsIt) {
  const Json windows = Json::parse(print_disc_facts(windows_disc()));
  const Json linux_one = Json::parse(print_disc_facts(linux_disc()));
  ASSERT_EQ(error_of(windows) + error_of(linux_one), "");
  const auto lie = [](Json json, const std::string& at, const Json& value) {
    json[Json::json_pointer(at)] = value;
    return error_of(json);
  };
  const std::string senseless = "its description makes no sense";
  const std::string wim = "/windows/0/boot_wim";
  const std::pair<std::string, Json> lies[] = {
      {"/size", size + 1},
      {"/names", "FAT"},
      {"/label", "two\nlines"},
      {"/files", 200'001},
      {"/windows", Json::array()},
      {"/windows", Json::object()},
      {"/windows/0/folder", "../x64"},
      {"/windows/0/folder", "x64/"},
      {"/windows/0/arch", "pdp11"},
      {"/windows/1/install", nullptr},  // then the tree has no image
      {wim + "/path", "/etc/passwd"},
      {wim + "/path", "sources/../../boot.wim"},
      {wim + "/path", "sources//boot.wim"},
      {wim + "/path", "a\x1b[2J"},
      {wim + "/path", ""},
      {wim + "/path", std::string(1025, 'x')},
      {wim + "/size", -1},
      {wim + "/size", 4999},
      {wim + "/size", 5001},
      {wim + "/size", "5000"},
      {wim + "/extents", Json::array()},
      {wim + "/extents/0", Json::array({2000})},
      {wim + "/extents/0", Json::array({2000, 5000, 1})},
      {wim + "/extents/0", Json::array({5001, 5000})},
      {wim + "/extents/0", Json::array({~std::uint64_t{0}, 5000})},
      {wim + "/extents/0", Json::array({2000, 0})},
      {wim + "/extents/0", Json::array({2000, 5000.5})},
      {wim + "/extents/0", Json::array({-1, 5000})},
      {wim + "/extents", Json(std::vector<std::vector<int>>(4097, {1, 1}))},
      {"/windows/0/fonts", nullptr},
      {"/windows/0/fonts/0/extents/0/0", size},
      {"/windows/0/fonts", Json(std::vector<Json>(65, windows["windows"][0]["fonts"][0]))},
      {"/windows/7", windows["windows"][0]},  // those between are null
  };
  for (const auto& [at, value] : lies) EXPECT_EQ(lie(windows, at, value), senseless) << at << " " << value;
  const std::pair<std::string, Json> more[] = {
      {"/linux", nullptr},
      {"/linux/kernel", nullptr},
      {"/linux/command_line", "quiet\nkernel evil"},
      {"/linux/command_line", std::string(4097, 'x')},
      {"/linux/version", "6.1\x07"},
      {"/linux/initrds", Json(std::vector<Json>(33, linux_one["linux"]["kernel"]))},
      {"/linux/initrds/0/path", ".."},
      {"/linux/command_line_max", std::uint64_t{1} << 32},
      {"/linux/efi_stub", 1},
      {"/linux/entries/1", "two\nlines"},
      {"/linux/entries", Json(std::vector<std::string>(65, "x"))},
      {"/linux/needs/0", "money"},
  };
  for (const auto& [at, value] : more) EXPECT_EQ(lie(linux_one, at, value), senseless) << at << " " << value;
  for (const char* text : {"", "null", "[]", "{", "{}", "\"x\""})
    EXPECT_FALSE(parse_disc_facts(text, size)) << text;
  EXPECT_FALSE(parse_disc_facts(print_disc_facts(linux_disc()), size - 1));
}

TEST(DiscFactsJson, WhatTheBoundsRefuseIsSaid) {
  const auto error = [](auto change) {
    DiscFacts facts = linux_disc();
    change(std::get<LinuxMedia>(facts.media));
    const auto fits = check_disc_facts(facts);
    return fits ? "" : fits.error().what;
  };
  EXPECT_EQ(error([](LinuxMedia& m) { m.entry.command_line = "a\nb"; }),
            "the kernel command line holds a line break or another control character");
  EXPECT_EQ(error([](LinuxMedia& m) { m.entry.command_line = std::string(4097, 'x'); }),
            "a kernel command line of over 4096 characters");
  EXPECT_EQ(error([](LinuxMedia& m) { m.initrds.resize(33); }), "33 initrds: at most 32");
  EXPECT_EQ(error([](LinuxMedia& m) { m.kernel.extents.resize(4097); }),
            "install.amd/vmlinuz lies in 4097 pieces: at most 4096");
}

TEST(DiscImage, IsToldByItsDescriptors) {
  const Scratch scratch;
  std::string bytes(40'000, '\0');
  const auto is_disc = [&] { return is_disc_image(scratch.open("image", bytes).get()); };
  EXPECT_FALSE(is_disc());
  for (const char* id : {"CD001", "BEA01", "NSR02", "NSR03"}) {
    bytes.replace(32 * 1024 + 1, 5, id);
    EXPECT_TRUE(is_disc()) << id;
  }
  bytes.replace(0, 8, std::string_view("MSWIM\0\0\0", 8));
  EXPECT_FALSE(is_disc());
  EXPECT_FALSE(is_disc_image(-1));
}

TEST(DiscImage, AFileInOnePieceIsAPartOfItsDisc) {
  const auto part = part_of_disc(7, {"sources/boot.wim", 5000, {{2000, 5000}}});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->fd, 7);
  EXPECT_EQ(part->offset, 2000U);
  EXPECT_EQ(part->size, 5000U);
  EXPECT_EQ(part_of_disc(7, {"a", 2, {{1, 1}, {3, 1}}}).error().what,
            "a lies in 2 pieces on the disc: copy it out of the image first");
  EXPECT_EQ(part_of_disc(7, {"a", 0, {}}).error().what, "a is empty");
}

}  // namespace
}  // namespace content
