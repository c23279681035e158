// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/model.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

TEST(Arch, IdsOfTheRegistry) {
  struct Row {
    std::uint16_t id;
    Arch arch;
    bool http, uboot;
  };
  const Row rows[] = {
      {0, Arch::bios, false, false},        {1, Arch::other, false, false},
      {2, Arch::other, false, false},       {6, Arch::ia32, false, false},
      {7, Arch::x64, false, false},         {9, Arch::x64, false, false},
      {10, Arch::arm32, false, false},      {11, Arch::arm64, false, false},
      {15, Arch::ia32, true, false},        {16, Arch::x64, true, false},
      {17, Arch::x64, true, false},         {18, Arch::arm32, true, false},
      {19, Arch::arm64, true, false},       {20, Arch::bios, true, false},
      {21, Arch::arm32, false, true},       {22, Arch::arm64, false, true},
      {23, Arch::arm32, true, true},        {24, Arch::arm64, true, true},
      {25, Arch::other, false, false},      {27, Arch::riscv64, false, false},
      {28, Arch::riscv64, true, false},     {39, Arch::loongarch64, false, false},
      {40, Arch::loongarch64, true, false}, {41, Arch::other, false, false},
      {65535, Arch::other, false, false},
  };
  for (const Row& row : rows) {
    const ArchId got = arch_of(row.id);
    EXPECT_EQ(got.arch, row.arch) << row.id;
    EXPECT_EQ(got.http, row.http) << row.id;
    EXPECT_EQ(got.uboot, row.uboot) << row.id;
  }
}

TEST(Arch, PrintedNamesParseBack) {
  for (std::size_t i = 0; i < arch_count; ++i) {
    const auto arch = static_cast<Arch>(i);
    EXPECT_EQ(parse_arch(print(arch)), arch) << print(arch);
  }
}

TEST(Arch, NamesPeopleWrite) {
  EXPECT_EQ(parse_arch("x86_64"), Arch::x64);
  EXPECT_EQ(parse_arch("AMD64"), Arch::x64);
  EXPECT_EQ(parse_arch("i386"), Arch::ia32);
  EXPECT_EQ(parse_arch("aarch64"), Arch::arm64);
  EXPECT_EQ(parse_arch("armhf"), Arch::arm32);
  EXPECT_EQ(parse_arch(""), std::nullopt);
  EXPECT_EQ(parse_arch("x64 "), std::nullopt);
}

TEST(Target, Prints) {
  EXPECT_EQ(print(Target{AllMachines{}}), "all");
  EXPECT_EQ(print(Target{base::Mac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}}}), "52:54:00:12:34:56");
}

TEST(Snapshot, Empty) {
  const Snapshot empty;
  EXPECT_EQ(empty.image(1), nullptr);
  EXPECT_EQ(empty.deployment_for(base::Mac{}), nullptr);
  EXPECT_EQ(empty.deployment_for_all(), nullptr);
  EXPECT_EQ(empty.program(Arch::x64), nullptr);
}

TEST(Snapshot, FindsWhatItWasGivenAndTheLastWordCounts) {
  const base::Mac mac{{2, 0, 0, 0, 0, 1}};
  Image a, b;
  a.id = 7;
  b.id = 9;
  b.name = "b";
  const Snapshot s({}, {a, b},
                   {{.id = 1, .image = 7, .target = mac},
                    {.id = 2, .image = 7, .target = AllMachines{}},
                    {.id = 3, .image = 9, .target = mac},
                    {.id = 4, .image = 9, .target = AllMachines{}}},
                   {{Arch::arm64, "programs/arm64/x.efi"}});
  EXPECT_EQ(s.image(9)->name, "b");
  EXPECT_EQ(s.image(8), nullptr);
  EXPECT_EQ(s.deployment_for(mac)->id, 3);
  EXPECT_EQ(s.deployment_for_all()->id, 4);
  EXPECT_EQ(s.program(Arch::arm64)->path, "programs/arm64/x.efi");
  EXPECT_EQ(s.program(Arch::x64), nullptr);
}

}  // namespace
}  // namespace policy
