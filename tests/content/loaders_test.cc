// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/loaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace content {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Loaders, NamesAreNormalisedAndDistinct) {
  std::vector<std::string> names;
  for (const Loader& loader : loaders()) {
    EXPECT_EQ(normalise(loader.name), loader.name);
    names.emplace_back(loader.name);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Loaders, AMissingPackageIsOneSentenceThatSaysWhatToDo) {
  const Scratch root;
  root.write("usr/lib/PXELINUX/pxelinux.0", "p");
  root.write("boot/ipxe.efi", "the second candidate");
  Published published;
  const auto problems = publish_loaders(published, root.path());
  EXPECT_EQ(published.size(), 2U);
  EXPECT_THAT(
      problems,
      Contains("bios/undionly.kpxe, x64/snponly.efi: package ipxe is not installed: apt install ipxe"));
  EXPECT_THAT(problems,
              Contains("x64/shimx64.efi: package shim-signed is not installed: apt install shim-signed"));
  EXPECT_THAT(problems, Contains("grub/x86_64-efi: package grub-efi-amd64-bin is not installed: apt install "
                                 "grub-efi-amd64-bin"));
  EXPECT_THAT(problems, SizeIs(5));
  for (const auto& problem : problems) EXPECT_THAT(problem, testing::Not(HasSubstr("pxelinux.0")));
}

TEST(Loaders, GrubsModulesAndLists) {
  const Scratch root;
  root.write("usr/lib/grub/x86_64-efi/normal.mod", "m");
  root.write("usr/lib/grub/x86_64-efi/command.lst", "l");
  root.write("usr/lib/grub/x86_64-efi/kernel.img", "no");
  Published published;
  publish_loaders(published, root.path());
  EXPECT_TRUE(published.files().contains("grub/x86_64-efi/normal.mod"));
  EXPECT_TRUE(published.files().contains("grub/x86_64-efi/command.lst"));
  EXPECT_FALSE(published.files().contains("grub/x86_64-efi/kernel.img"));
}

TEST(Loaders, OfThisMachine) {
  Published published;
  const auto problems = publish_loaders(published);
  if (!problems.empty()) GTEST_SKIP() << problems.front();
  for (const Loader& loader : loaders()) {
    if (loader.optional) continue;
    ASSERT_TRUE(published.files().contains(std::string(loader.name))) << loader.name;
    EXPECT_GT(published.files().at(std::string(loader.name)).size, 10000U) << loader.name;
  }
  EXPECT_EQ(published.files().at("x64/shimx64.efi").content_type, "application/efi");
}

}  // namespace
}  // namespace content
