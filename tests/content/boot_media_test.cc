// SPDX-License-Identifier: GPL-3.0-or-later
// With real images: tests/interop/test_disc_images.py.
#include "content/boot_media.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scratch.h"

namespace content {
namespace {

using testing::HasSubstr;

// A disc out of nothing: its files lie one behind the other.
using Files = std::map<std::string, std::string>;
struct FakeDisc {
  explicit FakeDisc(const Files& files) {
    for (const auto& [path, text] : files) {
      disc.files.push_back({path, text.size(), {}});
      if (!text.empty()) disc.files.back().extents.push_back({content.size(), text.size()});
      content += text;
    }
    source.size = content.size();
    source.read = [this](std::uint64_t offset, std::span<std::uint8_t> out) -> base::Status {
      ++reads;
      content.copy(reinterpret_cast<char*>(out.data()), out.size(), offset);
      return {};
    };
  }
  FakeDisc(const FakeDisc&) = delete;
  FakeDisc& operator=(const FakeDisc&) = delete;

  std::string content;
  format::Disc disc;
  format::DiscSource source;
  std::size_t reads = 0;
};

// The least that a PE header says.
std::string program(std::uint16_t machine) {
  std::string bytes(0x200, '\0');
  bytes.replace(0, 2, "MZ");
  bytes[0x3c] = '\x80';
  bytes.replace(0x80, 4, std::string_view("PE\0\0", 4));
  bytes[0x84] = static_cast<char>(machine & 0xff);
  bytes[0x85] = static_cast<char>(machine >> 8);
  bytes[0x98] = 0x0b;
  bytes[0x99] = 0x02;
  return bytes;
}
constexpr std::uint16_t for_x64 = 0x8664;
constexpr std::uint16_t for_ia32 = 0x014c;

base::Result<BootMedia> find(const FakeDisc& disc) { return find_boot_parts(disc.source, disc.disc); }
std::string error_of(const FakeDisc& disc) {
  const auto media = find(disc);
  return media ? "found something" : media.error().what;
}

TEST(BootMedia, WindowsMediaOfOneArchitecture) {
  FakeDisc disc({{"BOOT/BOOT.SDI", "sdi"},
                 {"Sources/Boot.wim", "the WIM"},
                 {"sources/install.esd", "more"},
                 {"sources/setup.exe", program(for_x64)},
                 {"setup.exe", program(for_ia32)}});
  const auto media = find(disc);
  ASSERT_TRUE(media) << media.error().what;
  const auto& windows = std::get<WindowsMedia>(*media);
  ASSERT_EQ(windows.trees.size(), 1U);
  const WindowsTree& tree = windows.trees[0];
  EXPECT_EQ(tree.folder, "");
  EXPECT_EQ(tree.boot_wim->path, "Sources/Boot.wim");
  EXPECT_EQ(tree.install->path, "sources/install.esd");
  EXPECT_EQ(tree.boot_sdi->path, "BOOT/BOOT.SDI");
  EXPECT_EQ(tree.arch, policy::Arch::x64);
  EXPECT_EQ(disc.reads, 1U);  // the front of setup.exe, and no WIM
}

TEST(BootMedia, WindowsMediaOfTwoArchitectures) {
  const FakeDisc disc({{"boot/boot.sdi", "sdi"},
                       {"x64/sources/boot.wim", "a"},
                       {"x64/sources/setup.exe", program(for_x64)},
                       {"x86/sources/boot.wim", "b"},
                       {"x86/sources/setup.exe", program(for_ia32)}});
  const auto media = find(disc);
  ASSERT_TRUE(media) << media.error().what;
  const auto& trees = std::get<WindowsMedia>(*media).trees;
  ASSERT_EQ(trees.size(), 2U);
  EXPECT_EQ(trees[0].folder, "x64");
  EXPECT_EQ(trees[0].arch, policy::Arch::x64);
  EXPECT_EQ(trees[0].boot_sdi->path, "boot/boot.sdi");
  EXPECT_EQ(trees[1].arch, policy::Arch::ia32);
  EXPECT_EQ(trees[1].boot_wim->path, "x86/sources/boot.wim");
}

TEST(BootMedia, AWimAloneTellsNoArchitecture) {
  const FakeDisc disc({{"sources/boot.wim", "a"}, {"setup.exe", "no program"}});
  const auto media = find(disc);
  ASSERT_TRUE(media);
  EXPECT_EQ(std::get<WindowsMedia>(*media).trees[0].arch, policy::Arch::other);
}

TEST(BootMedia, LinuxMediaByTheirOwnMenu) {
  const FakeDisc disc({{"boot/grub/grub.cfg",
                        "menuentry 'Install' {\n  linux /install.amd/vmlinuz quiet\n"
                        "  initrd /install.amd/initrd.gz\n}\n"},
                       {"install.amd/vmlinuz", fake_kernel("6.1.0-40-amd64")},
                       {"install.amd/initrd.gz", "initrd"}});
  const auto media = find(disc);
  ASSERT_TRUE(media) << media.error().what;
  const auto& found = std::get<LinuxMedia>(*media);
  EXPECT_EQ(found.entry.command_line, "quiet");
  EXPECT_EQ(found.kernel.path, "install.amd/vmlinuz");
  ASSERT_EQ(found.initrds.size(), 1U);
  EXPECT_EQ(found.initrds[0].size, 6U);
  EXPECT_EQ(found.kernel_facts.version, "6.1.0-40-amd64");
  EXPECT_EQ(found.kernel_facts.arch, policy::Arch::x64);
}

TEST(BootMedia, TheFontsBesideWindows) {
  const FakeDisc disc({{"boot/fonts/WGL4_boot.ttf", "font"},
                       {"boot/fonts/deeper/x.ttf", "font"},
                       {"boot/fonts/readme.txt", "no font"},
                       {"x64/sources/boot.wim", "a"},
                       {"x86/Boot/Fonts/own.ttf", "its own"},
                       {"x86/sources/boot.wim", "b"}});
  const auto media = find(disc);
  ASSERT_TRUE(media) << media.error().what;
  const auto& trees = std::get<WindowsMedia>(*media).trees;
  ASSERT_EQ(trees.size(), 2U);
  ASSERT_EQ(trees[0].fonts.size(), 1U);
  EXPECT_EQ(trees[0].fonts[0].path, "boot/fonts/WGL4_boot.ttf");
  ASSERT_EQ(trees[1].fonts.size(), 1U);
  EXPECT_EQ(trees[1].fonts[0].path, "x86/Boot/Fonts/own.ttf");
}

TEST(BootMedia, AnotherEntryOfTheMenuAndWhatStaysOnTheDisc) {
  const FakeDisc disc({{"boot/grub/grub.cfg",
                        "menuentry 'Try it' {\n  linux /casper/vmlinuz ---\n  initrd /casper/initrd\n}\n"
                        "menuentry 'With HWE' {\n  linux /casper/hwe boot=x\n}\n"},
                       {"casper/hwe", fake_kernel("6.8")},
                       {"casper/initrd", "initrd"},
                       {"casper/vmlinuz", fake_kernel("6.5")}});
  const auto first = find(disc);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(std::get<LinuxMedia>(*first).kernel_facts.version, "6.5");
  EXPECT_THAT(std::get<LinuxMedia>(*first).entries, testing::ElementsAre("Try it", "With HWE"));
  EXPECT_THAT(std::get<LinuxMedia>(*first).needs, testing::ElementsAre("casper"));
  const auto other = find_boot_parts(disc.source, disc.disc, "with hwe");
  ASSERT_TRUE(other) << other.error().what;
  EXPECT_EQ(std::get<LinuxMedia>(*other).kernel.path, "casper/hwe");
  EXPECT_TRUE(std::get<LinuxMedia>(*other).initrds.empty());
  EXPECT_THAT(find_boot_parts(disc.source, disc.disc, "none").error().what,
              HasSubstr("«Try it», «With HWE»"));
}

TEST(BootMedia, NineWindowsAreNone) {
  Files files;
  for (char c = '1'; c <= '9'; ++c) files[std::string(1, c) + "/sources/boot.wim"] = "a";
  EXPECT_EQ(error_of(FakeDisc(files)), "9 folders with Windows in them: at most 8");
}

TEST(BootMedia, Refusals) {
  EXPECT_EQ(error_of(FakeDisc(Files{})), "a disc image without a file");
  EXPECT_THAT(error_of(FakeDisc(Files{{"readme.txt", "This disc contains a UDF file system"}})),
              HasSubstr("neither Windows media (no sources/boot.wim) nor Linux media"));
  EXPECT_THAT(error_of(FakeDisc(Files{{"vmlinuz", "text"}, {"initrd", ""}})),
              HasSubstr("vmlinuz: not a Linux kernel"));
}

}  // namespace
}  // namespace content
