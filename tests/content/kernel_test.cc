// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace content {
namespace {

using policy::Arch;
using testing::HasSubstr;

base::Result<KernelFacts> read(const std::string& bytes) { return read_kernel_header(base::as_bytes(bytes)); }

std::string with(std::size_t at, std::string_view text, std::size_t size = 256) {
  std::string bytes(size, '\0');
  return bytes.replace(at, text.size(), text);
}

// A DOS header that points to a PE header for a machine.
std::string program(char low, char high) {
  std::string bytes = with(0, "MZ");
  bytes[0x3c] = 0x40;
  bytes.replace(0x40, 4, std::string_view("PE\0\0", 4));
  bytes[0x44] = low;
  bytes[0x45] = high;
  return bytes;
}

TEST(KernelHeader, BzImage) {
  const auto facts = read(fake_kernel("6.1.0-50-amd64 (builder@host) #1 SMP"));
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->arch, Arch::x64);
  EXPECT_EQ(facts->version, "6.1.0-50-amd64");
  EXPECT_EQ(facts->command_line_max, 2047U);
  EXPECT_FALSE(facts->efi_stub);
}

TEST(KernelHeader, ThirtyTwoBitOnlyWhereTheHeaderCanTell) {
  EXPECT_EQ(read(fake_kernel("a", 0x020f, 0))->arch, Arch::ia32);
  EXPECT_EQ(read(fake_kernel("a", 0x020b, 0))->arch, Arch::x64);
}

TEST(KernelHeader, OtherArchitectures) {
  EXPECT_EQ(read(with(56, "ARM\x64"))->arch, Arch::arm64);
  EXPECT_EQ(read(with(56, "RSC\x05"))->arch, Arch::riscv64);
  EXPECT_EQ(read(with(0x24, "\x18\x28\x6f\x01"))->arch, Arch::arm32);
  std::string packed = program(0x64, '\xaa');
  packed.replace(4, 4, "zimg");
  const auto facts = read(packed);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->arch, Arch::arm64);
  EXPECT_TRUE(facts->efi_stub);
}

TEST(KernelHeader, NotAKernelSaysWhatItIs) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "an empty file"},
      {with(0, "\x1f\x8b\x08"), "gzip"},
      {with(0, "070701"), "cpio"},
      {with(0,
            "\x7f"
            "ELF"),
       "ELF"},
      {with(0, std::string_view("MSWIM\0\0\0", 8)), "Windows image"},
      {with(0x8001, "CD001", 0x9000), "ISO"},
      {program(0x64, '\x86'), "UEFI program"},
      {std::string(4096, 'x'), "something else"},
  };
  for (const auto& [bytes, words] : cases) {
    const auto facts = read(bytes);
    ASSERT_FALSE(facts) << words;
    EXPECT_THAT(facts.error().what, HasSubstr(words));
  }
}

TEST(KernelHeader, TruncatedAnywhereIsRefusedOrHarmless) {
  const std::string whole = fake_kernel("6.1.0-test-of-a-long-name");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto facts = read(whole.substr(0, size));
    if (size < 0x23c) {
      ASSERT_FALSE(facts) << size;
      EXPECT_THAT(facts.error().what, HasSubstr(size >= 0x206 ? "incomplete" : "")) << size;
    } else {
      ASSERT_TRUE(facts) << size;
      ASSERT_TRUE(std::string_view("6.1.0-test-of-a-long-name").starts_with(facts->version));
    }
  }
}

TEST(KernelHeader, HostileFieldsStayInside) {
  std::string far = fake_kernel();
  far[0x20e] = far[0x20f] = '\xff';  // version text far behind the file
  EXPECT_EQ(read(far)->version, "");
  std::string endless = fake_kernel(std::string(0x800, 'v'));
  EXPECT_EQ(read(endless)->version.size(), 128U);
  std::string behind_setup = fake_kernel();
  behind_setup[0x1f1] = 1;  // setup ends at 0x400, the text stands behind it
  EXPECT_EQ(read(behind_setup)->version, "");
  EXPECT_EQ(read(fake_kernel("6.1\x1b[2J"))->version, "6.1");
  std::string pe_outside = fake_kernel();
  pe_outside.replace(0, 2, "MZ");
  pe_outside.replace(0x3c, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(read(pe_outside)->efi_stub);
}

TEST(KernelHeader, GivenUpFormsAreRefused) {
  EXPECT_FALSE(read(fake_kernel("a", 0x0105)));
  std::string low = fake_kernel();
  low[0x211] = 0;
  EXPECT_THAT(read(low).error().what, HasSubstr("loaded low"));
}

TEST(EfiProgram, MachineOfAPeFile) {
  const auto arch = [](const std::string& bytes) { return efi_program_arch(base::as_bytes(bytes)); };
  EXPECT_EQ(arch(program(0x64, '\x86')), Arch::x64);
  EXPECT_EQ(arch(program(0x4c, 0x01)), Arch::ia32);
  EXPECT_EQ(arch(program(0x64, '\xaa')), Arch::arm64);
  EXPECT_EQ(arch(program(0x11, 0x11)), Arch::other);
  EXPECT_EQ(arch("MZ"), std::nullopt);
  EXPECT_EQ(arch(program(0x64, '\x86').substr(0, 0x45)), Arch::other);
}

TEST(KernelHeader, DebianInstallersKernel) {
  const std::string path = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux";
  const std::string bytes = read_text(path).substr(0, kernel_head_size);
  if (bytes.empty()) GTEST_SKIP() << "package debian-installer-12-netboot-amd64 is not installed";
  const auto facts = read(bytes);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->arch, Arch::x64);
  EXPECT_THAT(facts->version, testing::StartsWith("6.1."));
  EXPECT_TRUE(facts->efi_stub);
  EXPECT_GE(facts->command_line_max, 2047U);
}

}  // namespace
}  // namespace content
