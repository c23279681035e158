// SPDX-License-Identifier: GPL-3.0-or-later
// The tools themselves run here: an initramfs from a folder, and what a tool's failure becomes.
#include "bootimage/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "../content/scratch.h"
#include "bootimage/files.h"
#include "bootimage/tool.h"

namespace bootimage {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

void fill(const Scratch& scratch, std::string_view root, bool backwards) {
  const auto name = [&](const char* file) { return std::string(root) + "/" + file; };
  const std::vector<const char*> files{"bin/busybox", "etc/image", "lib/modules/6.1/modules.dep"};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const char* const file = files[backwards ? files.size() - 1 - i : i];
    scratch.write(name(file), std::string("what is in ") + file);
  }
  fs::permissions(scratch.path(name("bin/busybox")), backwards ? fs::perms::owner_all : fs::perms::all);
  fs::create_symlink("busybox", scratch.path(name("bin/sh")));
  fs::create_directory(scratch.path(name("proc")));
}

TEST(Archive, TheSameFolderGivesTheSameOctets) {
  const Scratch scratch;
  fill(scratch, "a", false);
  fill(scratch, "b", true);
  const mode_t before = ::umask(0077);
  ASSERT_TRUE(pack(scratch.path("a"), scratch.path("a.img"), 1'700'000'000));
  ::umask(before);
  const auto packed = pack(scratch.path("b"), scratch.path("b.img"), 1'700'000'000);
  ASSERT_TRUE(packed) << packed.error().what;
  const std::string octets = read_text(scratch.path("a.img"));
  EXPECT_EQ(octets, read_text(scratch.path("b.img")));
  EXPECT_EQ(octets.substr(0, 8), std::string("\xfd"
                                             "7zXZ\0\0\1",
                                             8))
      << "xz with CRC-32, which the kernel knows";
  ASSERT_TRUE(pack(scratch.path("b"), scratch.path("c.img"), 1'700'000'001));
  EXPECT_NE(octets, read_text(scratch.path("c.img")));
}

TEST(Archive, HoldsEverythingAsRoots) {
  const Scratch scratch;
  fill(scratch, "a", false);
  ASSERT_TRUE(pack(scratch.path("a"), scratch.path("a.img"), 1'700'000'000));
  ASSERT_TRUE(run(xz, {"-dc", scratch.path("a.img")}, {.output = scratch.path("a.cpio")}));
  const auto listed =
      run(cpio, {"-itv", "--quiet", "--numeric-uid-gid"}, {.input = read_text(scratch.path("a.cpio"))});
  ASSERT_TRUE(listed) << listed.error().what;
  EXPECT_THAT(*listed, testing::ContainsRegex("-rwxr-xr-x +1 0 +0 +[0-9]+ Nov 14 +2023 bin/busybox\n"));
  EXPECT_THAT(*listed, testing::ContainsRegex("lrwxrwxrwx +1 0 +0 .* bin/sh -> busybox\n"));
  EXPECT_THAT(*listed, testing::ContainsRegex("-rw-r--r-- +1 0 +0 .* etc/image\n"));
  EXPECT_THAT(*listed, testing::ContainsRegex("drwxr-xr-x .* proc\n"));
}

TEST(Tool, WhatIsNotInstalledIsNamedWithItsPackage) {
  const auto ran = run(Tool{"bootferry-no-such-tool", "some-package"}, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().what, "bootferry-no-such-tool is not installed: apt install some-package");
}

TEST(Tool, ItsLastWordsAreTheReason) {
  const auto ran = run(xz, {"-dc", "/nonexistent/file.xz"});
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().what, HasSubstr("xz: "));
  EXPECT_THAT(ran.error().what, HasSubstr("/nonexistent/file.xz"));
}

TEST(Tool, ArgumentsAreNoShellsWords) {
  const auto ran = run(Tool{"printf", "coreutils"}, {"%s\n", "$HOME; `id` *"});
  ASSERT_TRUE(ran);
  EXPECT_EQ(*ran, "$HOME; `id` *\n");
}

TEST(WorkFolder, IsGoneAfterwardsAndAsksForRoomFirst) {
  std::string path;
  {
    const auto work = WorkFolder::make(1);
    ASSERT_TRUE(work) << work.error().what;
    path = work->path();
    ASSERT_TRUE(write_file(work->path("a/b"), "text"));
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THAT(WorkFolder::make(std::uint64_t{1} << 62).error().what, HasSubstr("not enough room"));
}

}  // namespace
}  // namespace bootimage
