// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/uki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace format {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A program of sections, in the order given, one behind the other.
struct MadeSection {
  std::string name, content;
  std::uint32_t in_memory = 0;  // 0: as in the file
};
std::string program(const std::vector<MadeSection>& sections) {
  constexpr std::size_t header = 0x80, optional_size = 0xf0, table = header + 24 + optional_size;
  std::string bytes(table + 40 * sections.size(), '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, std::size_t octets) {
    for (std::size_t i = 0; i < octets; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  };
  bytes.replace(0, 2, "MZ");
  put(0x3c, header, 4);
  bytes.replace(header, 4, std::string_view("PE\0\0", 4));
  put(header + 4, 0x8664, 2);
  put(header + 6, sections.size(), 2);
  put(header + 20, optional_size, 2);
  put(header + 24, 0x20b, 2);
  put(header + 24 + 108, 16, 4);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t at = table + 40 * i;
    const std::size_t size = sections[i].content.size();
    bytes.replace(at, sections[i].name.size(), sections[i].name);
    put(at + 8, sections[i].in_memory != 0 ? sections[i].in_memory : size, 4);
    put(at + 16, size, 4);
    put(at + 20, bytes.size(), 4);
    bytes += sections[i].content;
  }
  return bytes;
}

base::Result<std::vector<PeSection>> sections_of(const std::string& bytes, std::size_t size = 0) {
  return read_pe_sections(base::as_bytes(bytes), size == 0 ? bytes.size() : size);
}

std::string error_of(const std::string& bytes, std::size_t size = 0) {
  const auto sections = sections_of(bytes, size);
  return sections ? "" : sections.error().what;
}

TEST(PeSections, AreWhatTheyHaveInTheFile) {
  const std::string bytes =
      program({{".text", "code"}, {".bss", "", 4096}, {".linux", "kernel\0\0", 6}, {"longname", "x"}});
  const auto sections = sections_of(bytes);
  ASSERT_TRUE(sections) << sections.error().what;
  ASSERT_EQ(sections->size(), 4U);
  EXPECT_EQ(sections->at(0).name, ".text");
  EXPECT_EQ(sections->at(1).place.size, 0U);
  EXPECT_EQ(bytes.substr(sections->at(2).place.offset, sections->at(2).place.size), "kernel");
  EXPECT_EQ(sections->at(3).name, "longname");
}

TEST(PeSections, WhatCannotBeIsRefused) {
  const std::string bytes = program({{".linux", "kernel"}});
  EXPECT_EQ(error_of(bytes.substr(0, bytes.size() - 1)), "a section lies outside the file");
  EXPECT_EQ(error_of(bytes, 100), "a section lies outside the file");
  EXPECT_EQ(error_of(bytes.substr(0, 0x80 + 24 + 0xf0 + 20), bytes.size()), "ends inside its header");
  EXPECT_EQ(error_of("MZ"), "not a PE program");
  EXPECT_EQ(error_of(program(std::vector<MadeSection>(97))), "has too many sections");
}

std::vector<std::string> parts_of(const std::string& bytes) {
  const auto sections = sections_of(bytes);
  const auto parts = find_uki_parts(*sections);
  if (!parts) return {parts.error().what};
  std::vector<std::string> out;
  for (const PeRange& range : {parts->kernel, parts->command_line, parts->os_release, parts->kernel_version})
    out.push_back(bytes.substr(range.offset, range.size));
  for (const PeRange& range : parts->initrds) out.push_back(bytes.substr(range.offset, range.size));
  return out;
}

TEST(UkiParts, EachSectionForItself) {
  EXPECT_THAT(parts_of(program({{".osrel", "ID=x"},
                                {".cmdline", "quiet"},
                                {".initrd", "initrd"},
                                {".ucode", "microcode"},
                                {".uname", "6.1.0"},
                                {".linux", "kernel"}})),
              ElementsAre("kernel", "quiet", "ID=x", "6.1.0", "microcode", "initrd"));
  EXPECT_THAT(parts_of(program({{".linux", "kernel"}})), ElementsAre("kernel", "", "", ""));
}

TEST(UkiParts, TheFirstProfileIsTheCommonOne) {
  EXPECT_THAT(parts_of(program({{".linux", "kernel"},
                                {".cmdline", "first"},
                                {".profile", "ID=other"},
                                {".cmdline", "second"},
                                {".initrd", "more"}})),
              ElementsAre("kernel", "first", "", ""));
}

TEST(UkiParts, AProgramWithoutAKernelIsNone) {
  EXPECT_THAT(parts_of(program({{".text", "code"}, {".linux", ""}})),
              ElementsAre("a UEFI program, but no unified kernel image: it has no kernel (.linux)"));
}

TEST(SystemName, OfAnOsRelease) {
  EXPECT_EQ(system_name("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(system_name("ID=arch\nNAME='Arch Linux'"), "Arch Linux");
  EXPECT_EQ(system_name("NAME=Plain\n"), "Plain");
  EXPECT_EQ(system_name("PRETTY_NAMES=no\nNAME=\"evil\x1b[2J\"\n"), "evil [2J");
  EXPECT_EQ(system_name(""), "");
  EXPECT_LE(system_name("NAME=" + std::string(1000, 'x')).size(), longest_pe_name);
}

}  // namespace
}  // namespace format
