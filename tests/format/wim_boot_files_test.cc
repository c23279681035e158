// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/wim_boot_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace format {
namespace {

using policy::Arch;
using testing::ElementsAre;

WimFacts image_of(std::optional<Arch> arch, std::vector<std::string> names) {
  WimFacts facts;
  facts.image = 1;
  facts.images.push_back({1, "PE", "", arch});
  for (std::string& name : names) facts.boot_files.push_back({std::move(name), "", 1});
  return facts;
}

TEST(WimBootFiles, TheTableIsSound) {
  std::set<std::string_view> names;
  for (const WimBootPiece& piece : wim_boot_pieces()) {
    EXPECT_TRUE(names.insert(piece.name).second) << piece.name;
    EXPECT_TRUE(piece.places[0].starts_with('/')) << piece.name;
    EXPECT_TRUE(piece.without.empty() || piece.without.ends_with('.')) << piece.name;
    EXPECT_NE(piece.archs, 0) << piece.name;
    if (piece.name.starts_with("fonts/") && piece.name != "fonts/") {
      EXPECT_TRUE(is_wim_font(piece.name.substr(6)));
    }
  }
}

TEST(WimBootFiles, WhomAnImageServes) {
  const struct {
    Arch arch;
    std::vector<std::string> files;
    std::vector<Arch> serves;
  } cases[] = {
      {Arch::x64, {"pxeboot.n12", "bootmgr.exe", "bootmgfw.efi"}, {Arch::bios, Arch::x64}},
      {Arch::x64, {"pxeboot.com", "bootmgr.exe"}, {Arch::bios}},
      {Arch::x64, {"pxeboot.com"}, {}},
      {Arch::x64, {"bootmgr.exe", "bootmgfw_EX.efi"}, {Arch::x64}},
      {Arch::ia32, {"bootmgfw.efi"}, {Arch::ia32}},
      {Arch::arm64, {"pxeboot.n12", "bootmgr.exe", "bootmgfw.efi"}, {Arch::arm64}},
      {Arch::other, {"bootmgr.efi"}, {}},
  };
  for (const auto& c : cases) EXPECT_EQ(served_by(image_of(c.arch, c.files)), c.serves);
  EXPECT_TRUE(served_by(image_of(std::nullopt, {"bootmgfw.efi"})).empty());
}

TEST(WimBootFiles, AFaultyFileIsAsGoodAsMissing) {
  WimFacts facts = image_of(Arch::x64, {"bootmgfw.efi"});
  facts.boot_files[0].fault = "not a PE program";
  EXPECT_TRUE(served_by(facts).empty());
  const auto lacks = missing_pieces(facts);
  EXPECT_TRUE(std::ranges::any_of(lacks, [](const WimLack& l) { return l.name == "bootmgfw.efi"; }));
}

TEST(WimBootFiles, Fonts) {
  for (const char* good : {"wgl4_boot.ttf", "WGL4_BOOT.TTF", "a.ttf", "chs_boot-2.Ttf"})
    EXPECT_TRUE(is_wim_font(good));
  const std::string long_name = std::string(61, 'a') + ".ttf";
  for (const char* bad : {"", ".ttf", "a.ttc", "a.ttf ", "../a.ttf", "a/b.ttf", "a.b.ttf", "\xc3\xa4.ttf",
                          "attf", long_name.c_str()})
    EXPECT_FALSE(is_wim_font(bad)) << bad;
}

}  // namespace
}  // namespace format
