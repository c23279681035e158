// SPDX-License-Identifier: GPL-3.0-or-later
// A unified kernel image goes by the loaders of each firmware, which start it or what it holds.
#include <gtest/gtest.h>

#include "case.h"
#include "policy/next_step.h"
#include "words.h"

namespace policy {
namespace {

Image unified(Arch arch = Arch::x64) {
  Image made = image(1, arch);
  made.kind = ImageKind::uki;
  made.kernel = "images/u/1/uki.efi";
  return made;
}

std::string step_of(Facts facts, const Image& image) {
  Case c;
  facts.uuid = c.facts.uuid;
  facts.network = c.facts.network;
  c.i() = image;
  const Snapshot site = c.make();
  const Answer given = answer(facts, site, c.at);
  if (const auto* reason = std::get_if<Reason>(&given.step)) return std::string(print(*reason));
  const auto& step = std::get<Step>(given.step);
  return step.kind == StepKind::script ? "script" : std::string(step.path);
}

TEST(UnifiedImage, GoesByTheLoadersOfEachFirmware) {
  EXPECT_EQ(step_of(machine(ClientKind::bios_rom, Arch::bios), unified()), "bios/pxelinux.0");
  EXPECT_EQ(step_of(machine(), unified()), "x64/snponly.efi");
  EXPECT_EQ(step_of(machine(ClientKind::uefi_http), unified()), "x64/snponly.efi");
  EXPECT_EQ(step_of(ipxe(Arch::x64, true), unified()), "script");
  EXPECT_EQ(step_of(ipxe(Arch::bios, true), unified()), "script");
}

TEST(UnifiedImage, IsForItsArchitecture) {
  EXPECT_EQ(step_of(machine(), unified(Arch::arm64)), "image-not-for-arch");
  EXPECT_EQ(step_of(machine(ClientKind::bios_rom, Arch::bios), unified(Arch::arm64)), "image-not-for-arch");
  EXPECT_EQ(step_of(machine(ClientKind::uefi_pxe, Arch::arm64), unified()), "image-not-for-arch");
}

TEST(UnifiedImage, HasItsKernelBesideIt) {
  EXPECT_EQ(bios_kernel(unified()), "images/u/1/linux");
  Image plain = unified();
  plain.kind = ImageKind::linux_kernel;
  EXPECT_EQ(bios_kernel(plain), plain.kernel);
}

}  // namespace
}  // namespace policy
