// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/published.h"

#include <gtest/gtest.h>

#include <ostream>

#include "content/disk_file.h"
#include "scratch.h"

namespace content {
namespace {

struct NameCase {
  const char* what;
  std::string requested;
  std::optional<std::string> want;
};
void PrintTo(const NameCase& c, std::ostream* out) { *out << c.what; }

class Normalise : public testing::TestWithParam<NameCase> {};
TEST_P(Normalise, GivesOneSpelling) { EXPECT_EQ(normalise(GetParam().requested), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Spellings, Normalise,
    testing::Values(NameCase{"plain", "x64/snponly.efi", "x64/snponly.efi"},
                    NameCase{"leading slash", "/x64/snponly.efi", "x64/snponly.efi"},
                    NameCase{"shim over HTTP", "//grubx64.efi", "grubx64.efi"},
                    NameCase{"Windows loader", "\\Boot\\BCD", "boot/bcd"},
                    NameCase{"both in one name", "/boot\\Fonts/wgl4_boot.ttf", "boot/fonts/wgl4_boot.ttf"},
                    NameCase{"runs of both", "a\\/\\b//c", "a/b/c"},
                    NameCase{"dots dropped", "./a/./b/.", "a/b"}, NameCase{"slash at the end", "a/b/", "a/b"},
                    NameCase{"empty", "", ""}, NameCase{"only slashes", "/\\//", ""},
                    NameCase{"three dots are a name", "a/.../b", "a/.../b"},
                    NameCase{"dots inside a name", "a..b/..c/d..", "a..b/..c/d.."},
                    NameCase{"other bytes stay", "B\xc3\x84r", "b\xc3\x84r"},
                    NameCase{"percent is no escape here", "%2e%2e/x", "%2e%2e/x"},
                    NameCase{"longest", std::string(512, 'a'), std::string(512, 'a')}));

INSTANTIATE_TEST_SUITE_P(
    Attacks, Normalise,
    testing::Values(
        NameCase{"up", "..", std::nullopt}, NameCase{"up and away", "../etc/passwd", std::nullopt},
        NameCase{"absolute up", "/../etc/passwd", std::nullopt},
        NameCase{"up with backslashes", "..\\..\\etc\\passwd", std::nullopt},
        NameCase{"up inside, harmless in sum", "a/../b", std::nullopt},
        NameCase{"up inside, mixed", "a\\..//b", std::nullopt},
        NameCase{"up at the end", "a/..", std::nullopt}, NameCase{"up behind dots", "./.././x", std::nullopt},
        NameCase{"NUL hides an ending", std::string("a\0.efi", 6), std::nullopt},
        NameCase{"NUL inside up", std::string(".\0./x", 5), std::nullopt},
        NameCase{"line break forges a log line", "a\nb", std::nullopt},
        NameCase{"escape moves the cursor", "a\x1b[2Jb", std::nullopt},
        NameCase{"DEL", "a\x7f", std::nullopt}, NameCase{"over-long", std::string(513, 'a'), std::nullopt},
        NameCase{"over-long of slashes", std::string(600, '/'), std::nullopt}));

struct RenderedCase {
  const char* name;
  std::optional<Rendered> want;
  const char* mac = "";
  const char* uuid = "";
};
void PrintTo(const RenderedCase& c, std::ostream* out) { *out << c.name; }

class ParseRendered : public testing::TestWithParam<RenderedCase> {};
TEST_P(ParseRendered, KindAndIdentity) {
  const auto& want = GetParam();
  const auto got = parse_rendered_name(want.name);
  ASSERT_EQ(got.has_value(), want.want.has_value());
  if (!got) return;
  EXPECT_EQ(got->what, *want.want);
  EXPECT_EQ(got->mac ? got->mac->print() : "", want.mac);
  EXPECT_EQ(got->uuid ? got->uuid->print() : "", want.uuid);
}

constexpr const char* mac = "52:54:00:12:34:56";
INSTANTIATE_TEST_SUITE_P(
    Names, ParseRendered,
    testing::Values(RenderedCase{"boot.ipxe", Rendered::ipxe_entry},
                    RenderedCase{"ipxe/52-54-00-12-34-56.ipxe", Rendered::ipxe_script, mac},
                    RenderedCase{"bios/pxelinux.cfg/default", Rendered::pxelinux_config},
                    RenderedCase{"bios/pxelinux.cfg/01-52-54-00-12-34-56", Rendered::pxelinux_config, mac},
                    // The octets of option 97 as they came: the machine is 00112233-4455-….
                    RenderedCase{"bios/pxelinux.cfg/33221100-5544-7766-8899-aabbccddeeff",
                                 Rendered::pxelinux_config, "", "00112233-4455-6677-8899-aabbccddeeff"},
                    RenderedCase{"grub/grub.cfg", Rendered::grub_entry},
                    RenderedCase{"debian-installer/amd64/grub/grub.cfg", Rendered::grub_entry},
                    RenderedCase{"grub/grub.cfg-01-52-54-00-12-34-56", Rendered::grub_config, mac},
                    RenderedCase{"grub/machine/52-54-00-12-34-56.cfg", Rendered::grub_config, mac},
                    // As $net_default_mac spells it.
                    RenderedCase{"grub/machine/52:54:00:12:34:56.cfg", Rendered::grub_config, mac},
                    RenderedCase{"debian-installer/amd64/grub/machine/52-54-00-12-34-56.cfg",
                                 Rendered::grub_config, mac}));

INSTANTIATE_TEST_SUITE_P(
    NotOurs, ParseRendered,
    testing::Values(RenderedCase{"bios/pxelinux.cfg/0AEE0064", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/0aee0064", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/0aee006", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/0", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/", std::nullopt},
                    // Infiniband, not Ethernet.
                    RenderedCase{"bios/pxelinux.cfg/20-52-54-00-12-34-56", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/01-52-54-00-12-34", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/01-52:54:00:12:34:56", std::nullopt},
                    // A board whose maker never set it: pxelinux goes on to its MAC.
                    RenderedCase{"bios/pxelinux.cfg/00000000-0000-0000-0000-000000000000", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/ffffffff-ffff-ffff-ffff-ffffffffffff", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/33221100-5544-7766-8899-aabbccddeef", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/33221100-5544-7766-8899-aabbccddeefg", std::nullopt},
                    RenderedCase{"bios/pxelinux.cfg/332211005-544-7766-8899-aabbccddeeff", std::nullopt},
                    RenderedCase{"pxelinux.cfg/default", std::nullopt},
                    RenderedCase{"ipxe/525400123456.ipxe", std::nullopt},
                    RenderedCase{"ipxe/52-54-00-12-34-56", std::nullopt},
                    RenderedCase{"ipxe/52-54-00-12-34-56.ipxe.ipxe", std::nullopt},
                    RenderedCase{"grub/machine/.cfg", std::nullopt}, RenderedCase{"grub/", std::nullopt},
                    RenderedCase{"boot.ipxe/x", std::nullopt}, RenderedCase{"", std::nullopt}));

TEST(PublishedIndex, FindsFilesThenRenderedNamesThenNothing) {
  Published published;
  published.add("x64/snponly.efi", {"/a", 1, "tag", "application/efi"});
  published.add("x64/snponly.efi", {"/b", 2, "tag2", "application/efi"});
  ASSERT_EQ(published.size(), 1U);
  const Entry file = published.find("x64/snponly.efi");
  ASSERT_TRUE(std::holds_alternative<const DiskFile*>(file));
  EXPECT_EQ(std::get<const DiskFile*>(file)->path, "/b");
  EXPECT_TRUE(std::holds_alternative<RenderedName>(published.find("boot.ipxe")));
  EXPECT_TRUE(std::holds_alternative<NotFound>(published.find("x64")));
  EXPECT_TRUE(std::holds_alternative<NotFound>(published.find("")));
}

TEST(PublishedIndexDeathTest, NamesMustBeNormalised) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Published published;
  EXPECT_DEATH(published.add("X64/snponly.efi", {}), "broken invariant");
  EXPECT_DEATH(published.add("../x", {}), "broken invariant");
}

TEST(IsLoader, ProgramsThatMachinesStart) {
  for (const char* name : {"bios/pxelinux.0", "x64/snponly.efi", "x64/shimx64.efi", "grubx64.efi",
                           "x64/grubx64.efi", "bios/undionly.kpxe", "programs/arm64/1/ipxe.efi"}) {
    EXPECT_TRUE(is_loader(name)) << name;
  }
  for (const char* name : {"bios/menu.c32", "bios/ldlinux.c32", "x64/mmx64.efi", "images/debian/1/linux",
                           "boot.ipxe", "grub/x86_64-efi/normal.mod", ""}) {
    EXPECT_FALSE(is_loader(name)) << name;
  }
}

TEST(DescribeFile, TagChangesWithTheContent) {
  const Scratch scratch;
  const std::string path = scratch.write("a.img", "one");
  const auto first = describe_file(path, "a.img");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size, 3U);
  EXPECT_EQ(first->content_type, "application/vnd.efi-img");
  scratch.write("b.img", "two");
  std::filesystem::rename(scratch.path("b.img"), path);
  EXPECT_NE(describe_file(path, "a.img")->etag, first->etag);
}

TEST(DescribeFile, OnlyRegularFiles) {
  const Scratch scratch;
  EXPECT_FALSE(describe_file(scratch.path(), "x"));
  EXPECT_FALSE(describe_file("/dev/null", "x"));
  EXPECT_FALSE(describe_file(scratch.path("absent"), "x"));
}

TEST(DescribeFile, TypesThatFirmwareInsistsOn) {
  EXPECT_EQ(content_type("x64/snponly.efi"), "application/efi");
  EXPECT_EQ(content_type("images/a/1/a.iso"), "application/vnd.efi-iso");
  EXPECT_EQ(content_type("images/a/1/initrd.img"), "application/vnd.efi-img");
  EXPECT_EQ(content_type("boot.ipxe"), "text/plain");
  EXPECT_EQ(content_type("images/a/1/linux"), "application/octet-stream");
}

TEST(PublishDirectory, RegularFilesOnlyAndLinksNotFollowed) {
  const Scratch scratch;
  scratch.write("images/a/1/Sub/Linux", "k");
  scratch.write("secret", "s");
  std::filesystem::create_symlink(scratch.path("secret"), scratch.path("images/a/1/link"));
  Published published;
  ASSERT_TRUE(publish_directory(published, scratch.path("images/a/1"), "images/a/1"));
  EXPECT_EQ(published.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<const DiskFile*>(published.find("images/a/1/sub/linux")));
  EXPECT_FALSE(publish_directory(published, scratch.path("absent"), "x"));
}

}  // namespace
}  // namespace content
