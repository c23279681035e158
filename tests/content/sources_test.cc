// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content/file_copy.h"
#include "content/inspect.h"
#include "scratch.h"

namespace content {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Sources : public testing::Test {
 protected:
  Sources() { std::filesystem::create_directories(area_); }

  SourceFile source(const std::string& name, std::string_view text) {
    opened_.push_back(scratch_.open("from/" + std::to_string(opened_.size()), text));
    return {name, opened_.back().get()};
  }

  Scratch scratch_;
  std::string area_ = scratch_.path("folder");
  std::vector<base::Fd> opened_;
};

TEST_F(Sources, HostileNamesAreRefused) {
  const int fd = source("x", "x").part.fd;
  const std::string names[] = {"",
                               "/etc/passwd",
                               "..",
                               "../x",
                               "a/../../x",
                               "a/..",
                               ".",
                               "./x",
                               "a/./b",
                               "a//b",
                               "a/",
                               "a\\b",
                               "a\nb",
                               "..\\x",
                               "a\x1b[2J",
                               std::string("a\0b", 3),
                               std::string(401, 'a')};
  for (const std::string& name : names) {
    const auto checked = check_sources(std::vector<SourceFile>{{name, fd}});
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().what.find('\x1b'), std::string::npos);
    EXPECT_EQ(checked.error().what.find('\n'), std::string::npos);
  }
  EXPECT_TRUE(check_sources(std::vector<SourceFile>{{"a..b/.hidden/...", fd}}));
}

TEST_F(Sources, NamesThatAreOneToClientsAreRefused) {
  const auto checked = check_sources(std::vector{source("Linux", "1"), source("linux", "2")});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().what, HasSubstr("Linux and linux"));
  EXPECT_FALSE(check_sources({}));
  EXPECT_FALSE(check_sources(std::vector{source("a/b", "1"), source("A", "2")}));
}

TEST_F(Sources, OnlyRegularFiles) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const base::Fd reader(ends[0]);
  const base::Fd writer(ends[1]);
  const base::Fd directory(::open(area_.c_str(), O_RDONLY | O_DIRECTORY));
  const base::Fd device(::open("/dev/zero", O_RDONLY));
  for (const int fd : {reader.get(), directory.get(), device.get(), -1}) {
    EXPECT_FALSE(check_sources(std::vector<SourceFile>{{"x", fd}})) << fd;
  }
}

TEST(ImageName, Table) {
  for (const char* good : {"debian", "debian-12.5_text", "7", "A"})
    EXPECT_TRUE(check_image_name(good)) << good;
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string(".incoming-1"), std::string("-x"),
        std::string("a/b"), std::string("a b"), std::string("é"), std::string("a\n"), std::string(65, 'a')}) {
    EXPECT_FALSE(check_image_name(bad)) << bad;
  }
  EXPECT_TRUE(check_image_name(std::string(64, 'a')));
}

TEST(CopyFile, ASourceThatEndsEarly) {
  const Scratch scratch;
  const base::Fd from = scratch.open("from", "short");
  const base::Fd to(::open(scratch.write("to", "").c_str(), O_RDWR));
  EXPECT_EQ(copy_file(from.get(), to.get(), 100, [](std::uint64_t) {}), ENODATA);
}

TEST_F(Sources, InspectRefusesBeforeAnyCopy) {
  const auto inspect = [](const std::vector<SourceFile>& files, const BootWish& wish) {
    const auto facts = inspect_image(files, wish);
    return facts ? "boots " + facts->kernel : facts.error().what;
  };
  const auto kernel = source("linux", fake_kernel());
  const auto initrd = source("initrd.gz", "\x1f\x8b");
  EXPECT_THAT(inspect({kernel, initrd}, {}), HasSubstr("--kernel"));
  EXPECT_THAT(inspect({kernel}, {.kernel = "vmlinuz"}), HasSubstr("kernel vmlinuz: not among"));
  EXPECT_THAT(inspect({kernel}, {.kernel = "linux", .initrds = {"i"}}), HasSubstr("initrd i: not among"));
  EXPECT_THAT(inspect({initrd}, {.kernel = "initrd.gz"}),
              HasSubstr("initrd.gz: not a Linux kernel but gzip"));
  EXPECT_THAT(inspect({kernel}, {.kernel = "linux", .initrds = {}, .command_line = "a\nboot evil"}),
              HasSubstr("line break"));
  EXPECT_THAT(inspect({kernel}, {.kernel = "linux", .initrds = {}, .command_line = std::string(2048, 'a')}),
              HasSubstr("2048"));
  EXPECT_EQ(inspect({kernel, initrd}, {.kernel = "LINUX"}), "boots linux");
}

// A record that fits no message would end each `image list`.
TEST_F(Sources, HostileTreesMakeNoEndlessRecord) {
  const auto inspect = [](const std::vector<SourceFile>& files) {
    const auto facts = inspect_image(files, {.kind = policy::ImageKind::tree});
    return facts ? "boots " + facts->kernel : facts.error().what;
  };
  std::string boastful = fake_kernel();
  boastful.replace(0x238, 4, "\xff\xff\xff\x7f");
  const auto kernel = source("linux", boastful);
  const auto initrd = source("i", "i");
  std::string menu = "label install\nkernel linux\n";
  EXPECT_EQ(inspect({kernel, source("syslinux.cfg", menu + "append " + std::string(4096, 'a'))}),
            "boots linux");
  EXPECT_THAT(inspect({kernel, source("syslinux.cfg", menu + "append " + std::string(4097, 'a'))}),
              HasSubstr("4097 characters, this kernel takes 4096"));
  for (int i = 0; i < 33; ++i) menu += "initrd i\n";
  EXPECT_EQ(inspect({kernel, initrd, source("syslinux.cfg", menu)}), "33 initrds: at most 32");
}

TEST_F(Sources, InspectCompletesATreeFromItsMenu) {
  const std::vector<SourceFile> files = {
      source("linux", fake_kernel()), source("initrd.gz", "i"), source("other", fake_kernel()),
      source("syslinux.cfg", "label install\nkernel linux\nappend initrd=initrd.gz quiet\n")};
  BootWish wish{.kind = policy::ImageKind::tree};
  const auto own = inspect_image(files, wish);
  ASSERT_TRUE(own) << own.error().what;
  EXPECT_EQ(own->kernel, "linux");
  EXPECT_THAT(own->initrds, ElementsAre("initrd.gz"));
  EXPECT_EQ(own->command_line, "quiet");
  wish.command_line = "mine";
  EXPECT_EQ(inspect_image(files, wish)->command_line, "mine");
  wish = {.kind = policy::ImageKind::tree, .kernel = "other"};
  const auto other = inspect_image(files, wish);
  EXPECT_EQ(other->kernel, "other");
  EXPECT_THAT(other->initrds, IsEmpty());
  EXPECT_EQ(other->command_line, "");  // the menu speaks of another kernel
}

}  // namespace
}  // namespace content
