// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/model.h"

#include <gtest/gtest.h>

#include "policy/deployment.h"
#include "policy/device.h"
#include "policy/facts.h"

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

TEST(Model, PrintedWordsParseBack) {
  for (const ImageKind each : {ImageKind::linux_kernel, ImageKind::tree, ImageKind::wim, ImageKind::uki})
    EXPECT_EQ(parse_image_kind(print(each)), each);
  for (std::size_t i = 0; i < role_count; ++i) {
    const auto role = static_cast<Role>(i);
    EXPECT_EQ(parse_role(print(role)), role) << print(role);
  }
  for (const DeviceState each : {DeviceState::approved, DeviceState::pending, DeviceState::rejected})
    EXPECT_EQ(parse_device_state(print(each)), each);
  for (const Purpose each : {Purpose::available, Purpose::required})
    EXPECT_EQ(parse_purpose(print(each)), each);
  for (const Firmware each : {Firmware::bios, Firmware::uefi, Firmware::uboot, Firmware::raspberry_pi})
    EXPECT_EQ(parse_firmware(print(each)), each);
  EXPECT_EQ(parse_role("unknown"), std::nullopt);
  EXPECT_EQ(parse_device_state(""), std::nullopt);
  EXPECT_EQ(parse_purpose("Required"), std::nullopt);
}

TEST(Device, WithoutExtrasIsTheSameAsWithNone) {
  Device plain, empty;
  empty.more = std::make_shared<const DeviceExtras>();
  EXPECT_EQ(plain, empty);
  DeviceExtras extras;
  extras.image = 7;
  empty.more = std::make_shared<const DeviceExtras>(extras);
  EXPECT_FALSE(plain == empty);
  EXPECT_EQ(empty.extras().image, 7);
}

}  // namespace
}  // namespace policy
