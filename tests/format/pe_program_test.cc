// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/pe_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../content/scratch.h"
#include "../content/wim_maker.h"
#include "format/authenticode.h"

namespace format {
namespace {

using policy::Arch;
using testing::HasSubstr;
using testing::IsEmpty;

base::Result<PeProgram> read(const std::string& bytes) { return read_pe_program(base::as_bytes(bytes)); }

// A program that signing tools accept: one section, and everything that they look at.
std::string signable_program() {
  std::string bytes = pe_program(machine_x64, '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  put(0x86, 1, 2);         // sections
  put(0x94, 0xf0, 2);      // octets of the optional header
  put(0x96, 0x22, 2);      // an executable image
  put(0x98 + 32, 512, 4);  // alignments in memory and in the file
  put(0x98 + 36, 512, 4);
  put(0x98 + 56, 1024, 4);  // octets in memory
  put(0x98 + 60, 512, 4);   // octets of the headers
  put(0x98 + 68, 10, 2);    // a UEFI application
  const std::size_t section = 0x98 + 0xf0;
  bytes.replace(section, 5, ".text");
  put(section + 8, 512, 4);
  put(section + 12, 512, 4);
  put(section + 16, 512, 4);
  put(section + 20, 512, 4);
  return bytes;
}

bool run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

// An authority, a signer whose certificate it made, and programs that the signer signed.
class Signed : public testing::Test {
 protected:
  void SetUp() override {
    if (!run("command -v sbsign")) GTEST_SKIP() << "sbsign is not installed";
    const std::string in = "cd " + scratch_.path() + " && ";
    ASSERT_TRUE(run(in + "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem "
                         "-subj '/O=Test/CN=Test Authority 2026'"));
    ASSERT_TRUE(run(in + "openssl req -newkey rsa:2048 -nodes -keyout signer.key -out signer.csr "
                         "-subj '/O=Test/CN=Test Signer'"));
    ASSERT_TRUE(run(in + "openssl x509 -req -days 2 -in signer.csr -CA ca.pem -CAkey ca.key "
                         "-CAcreateserial -out signer.pem"));
    scratch_.write("program.efi", signable_program());
  }
  std::string sign(const std::string& from, const std::string& to, const std::string& signer = "signer") {
    const std::string in = "cd " + scratch_.path() + " && ";
    EXPECT_TRUE(
        run(in + "sbsign --key " + signer + ".key --cert " + signer + ".pem --output " + to + " " + from));
    return read_text(scratch_.path(to));
  }

  Scratch scratch_;
};

TEST(PeProgram, MachinesOfUnsignedPrograms) {
  const std::pair<std::uint16_t, Arch> cases[] = {{machine_x86, Arch::ia32},
                                                  {machine_x64, Arch::x64},
                                                  {machine_arm64, Arch::arm64},
                                                  {0x5064, Arch::riscv64},
                                                  {0x1234, Arch::other}};
  for (const auto& [machine, arch] : cases) {
    const auto program = read(pe_program(machine));
    ASSERT_TRUE(program) << program.error().what;
    EXPECT_EQ(program->arch, arch);
    EXPECT_THAT(program->signatures, IsEmpty());
  }
}

TEST(PeProgram, WhatIsNoneIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("MZ"), std::string(4096, 'M'), std::string("x")})
    EXPECT_EQ(read(bytes).error().what, "not a PE program");
}

TEST_F(Signed, SignerAndAuthority) {
  const auto program = read(sign("program.efi", "signed.efi"));
  ASSERT_TRUE(program) << program.error().what;
  EXPECT_EQ(program->arch, Arch::x64);
  EXPECT_THAT(program->signatures, testing::ElementsAre(PeSignature{"Test Signer", "Test Authority 2026"}));
}

TEST_F(Signed, TwiceByTwo) {
  sign("program.efi", "once.efi");
  const auto program = read(sign("once.efi", "twice.efi", "ca"));
  ASSERT_TRUE(program) << program.error().what;
  EXPECT_THAT(program->signatures,
              testing::ElementsAre(PeSignature{"Test Signer", "Test Authority 2026"},
                                   PeSignature{"Test Authority 2026", "Test Authority 2026"}));
}

TEST_F(Signed, DamagedAnywhereIsRefusedOrHarmless) {
  const std::string whole = sign("program.efi", "signed.efi");
  const std::string plain = signable_program();
  for (std::size_t size = 0; size < whole.size(); size += 7)
    EXPECT_FALSE(read(whole.substr(0, size))) << size;  // the table is always outside then
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= '\xff';
    const auto program = read(damaged);
    if (!program) {
      EXPECT_FALSE(program.error().what.empty());
    } else {
      EXPECT_LE(program->signatures.size(), 1U);
    }
  }
}

TEST_F(Signed, TablesThatLie) {
  const std::string whole = sign("program.efi", "signed.efi");
  const std::size_t entry = 0x98 + 112 + 32;
  const auto table = static_cast<std::size_t>(static_cast<unsigned char>(whole[entry]) |
                                              static_cast<unsigned char>(whole[entry + 1]) << 8);
  const auto with = [&](std::size_t at, std::string_view octets) {
    std::string changed = whole;
    return changed.replace(at, octets.size(), octets);
  };
  EXPECT_EQ(read(with(entry, "\xff\xff\xff\xff")).error().what, "its signature lies outside the file");
  EXPECT_EQ(read(with(entry + 4, "\xff\xff\xff\x7f")).error().what, "its signature lies outside the file");
  EXPECT_EQ(read(with(table, std::string_view("\0\0\0\0", 4))).error().what,
            "its table of signatures is damaged");
  EXPECT_EQ(read(with(table, "\xff\xff\xff\xff")).error().what, "its table of signatures is damaged");
  EXPECT_EQ(read(with(table + 8, "x")).error().what, "its signature is damaged");
  EXPECT_THAT(read(with(table + 6, "\x01"))->signatures, IsEmpty());  // another kind of certificate
  EXPECT_THAT(read(with(0x98 + 108, std::string_view("\4\0\0\0", 4)))->signatures, IsEmpty());
}

// Debian's own, signed by Microsoft and by Debian.
TEST(PeProgram, DebiansShimAndGrub) {
  const char* shim = "/usr/lib/shim/shimx64.efi.signed";
  const char* grub = "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed";
  if (!std::filesystem::exists(shim) || !std::filesystem::exists(grub))
    GTEST_SKIP() << "shim-signed or grub-efi-amd64-signed is not installed";
  const auto of_shim = read(read_text(shim));
  ASSERT_TRUE(of_shim) << of_shim.error().what;
  EXPECT_EQ(of_shim->arch, Arch::x64);
  ASSERT_FALSE(of_shim->signatures.empty());
  EXPECT_THAT(of_shim->signatures[0].signer, HasSubstr("Microsoft Windows UEFI Driver Publisher"));
  EXPECT_EQ(of_shim->signatures[0].issuer, "Microsoft Corporation UEFI CA 2011");
  const auto of_grub = read(read_text(grub));
  ASSERT_TRUE(of_grub) << of_grub.error().what;
  ASSERT_EQ(of_grub->signatures.size(), 1U);
  EXPECT_THAT(of_grub->signatures[0].signer, HasSubstr("Debian Secure Boot Signer"));
  EXPECT_EQ(of_grub->signatures[0].issuer, "Debian Secure Boot CA");
  EXPECT_THAT(read(read_text("/usr/lib/shim/shimx64.efi"))->signatures, IsEmpty());
}

}  // namespace
}  // namespace format
