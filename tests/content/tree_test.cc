// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scratch.h"

namespace content {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

base::Result<BootEntry> find(const Files& files) {
  TreeView tree;
  for (const auto& [name, text] : files) tree.names.push_back(name);
  tree.read = [&](const std::string& name) -> base::Result<std::string> { return files.at(name); };
  return find_boot_entry(tree);
}

std::string error_of(const Files& files) {
  const auto entry = find(files);
  return entry ? "found " + entry->kernel : entry.error().what;
}

// Shaped like Debian's tree: the menu includes files, some of which only other flavours have.
Files debian() {
  const std::string menu =
      "# comment\npath d-i/amd64/screens/\ndefault d-i/amd64/screens/vesamenu.c32\n"
      "include d-i/amd64/screens/menu.cfg\n";
  return {
      {"d-i/amd64/linux", ""},
      {"d-i/amd64/initrd.gz", ""},
      {"d-i/amd64/pxelinux.cfg/default", menu},
      {"pxelinux.cfg/default", menu},
      {"d-i/amd64/screens/menu.cfg",
       "include d-i/amd64/screens/gtk.cfg\nmenu begin x\nlabel mainmenu\n\tmenu exit\nmenu end\n"
       "label help\n\ttext help\nlabel install\n\tkernel nonsense\n\tendtext\n\tconfig x\n"
       "label expert\n  kernel d-i/amd64/linux\n  append priority=low initrd=d-i/amd64/initrd.gz ---\n"
       "include d-i/amd64/screens/txt.cfg\n"},
      {"d-i/amd64/screens/txt.cfg",
       "label install\n\tmenu label ^Install\n\tkernel d-i/amd64/linux\n"
       "\tappend vga=788 initrd=d-i/amd64/initrd.gz --- quiet \n"},
      {"d-i/amd64/screens/vesamenu.c32", ""},
  };
}

TEST(TreeFinder, TheInstallEntryThroughIncludes) {
  const auto entry = find(debian());
  ASSERT_TRUE(entry) << entry.error().what;
  EXPECT_EQ(*entry, (BootEntry{"install", "d-i/amd64/linux", {"d-i/amd64/initrd.gz"}, "vga=788 --- quiet"}));
}

TEST(TreeFinder, APartOfABiggerTree) {
  Files moved;
  for (const auto& [name, text] : debian()) moved["netboot/" + name] = text;
  const auto entry = find(moved);
  ASSERT_TRUE(entry) << entry.error().what;
  EXPECT_EQ(entry->kernel, "netboot/d-i/amd64/linux");
}

TEST(TreeFinder, GrubWhereThereIsNoPxelinux) {
  const auto entry = find({
      {"linux", ""},
      {"initrd.gz", ""},
      {"grub/grub.cfg",
       "menuentry --hotkey=g 'Graphical install' {\n linux /linux graphical\n initrd /initrd.gz\n}\n"
       "menuentry 'Install' {\n    set x=y\n    linux    /linux vga=788 $vt ${iso} --- quiet\n    initrd   "
       "/initrd.gz\n}\n"},
  });
  ASSERT_TRUE(entry) << entry.error().what;
  EXPECT_EQ(*entry, (BootEntry{"Install", "linux", {"initrd.gz"}, "vga=788 --- quiet"}));
}

TEST(TreeFinder, TheDefaultEntryOfAnotherSystem) {
  const auto entry = find({
      {"images/pxeboot/vmlinuz", ""},
      {"images/pxeboot/initrd.img", ""},
      {"pxelinux.cfg/default",
       "DEFAULT two\nLABEL one\n KERNEL ::/images/pxeboot/vmlinuz\n APPEND a\n"
       "LABEL two\n LINUX IMAGES/PXEBOOT/VMLINUZ\n INITRD images/pxeboot/initrd.img\n APPEND b  c\n"},
  });
  ASSERT_TRUE(entry) << entry.error().what;
  EXPECT_EQ(*entry, (BootEntry{"two", "images/pxeboot/vmlinuz", {"images/pxeboot/initrd.img"}, "b c"}));
}

TEST(TreeFinder, SeveralInitrdsKeepTheirOrder) {
  const auto entry =
      find({{"k", ""}, {"b", ""}, {"a", ""}, {"syslinux.cfg", "label x\nkernel k\nappend initrd=b,a q\n"}});
  ASSERT_TRUE(entry) << entry.error().what;
  EXPECT_THAT(entry->initrds, ElementsAre("b", "a"));
}

TEST(TreeFinder, ByNamesWithoutAnyConfiguration) {
  EXPECT_EQ(find({{"casper/vmlinuz", ""}, {"casper/initrd", ""}})->initrds.front(), "casper/initrd");
  EXPECT_EQ(find({{"vmlinuz-6.1.0-50-amd64", ""}, {"boot/initramfs.img", ""}})->kernel,
            "vmlinuz-6.1.0-50-amd64");
  // Another initrd elsewhere is not this kernel's.
  EXPECT_EQ(find({{"a/linux", ""}, {"a/initrd.gz", ""}, {"b/initrd.gz", ""}})->initrds.front(),
            "a/initrd.gz");
}

TEST(TreeFinder, NothingOrTooMuchIsSaidWithTheWayOut) {
  const auto way_out = AllOf(HasSubstr("--kernel"), HasSubstr("--initrd"));
  EXPECT_THAT(error_of({{"readme", ""}}),
              AllOf(HasSubstr("no kernel"), HasSubstr("pxelinux.cfg/default"), way_out));
  EXPECT_THAT(error_of({{"vmlinuz", ""}}), AllOf(HasSubstr("no initrd"), way_out));
  EXPECT_THAT(error_of({{"a/linux", ""}, {"b/linux", ""}}), AllOf(HasSubstr("a/linux, b/linux"), way_out));
  EXPECT_THAT(error_of({{"linux", ""}, {"initrd.1", ""}, {"initrd.2", ""}}),
              AllOf(HasSubstr("several initrds"), way_out));
  EXPECT_THAT(
      error_of({{"k1", ""}, {"k2", ""}, {"syslinux.cfg", "label a\nkernel k1\nlabel b\nkernel k2\n"}}),
      AllOf(HasSubstr("«a», «b»"), way_out));
  EXPECT_THAT(error_of({{"amd64/k", ""},
                        {"i386/k", ""},
                        {"amd64/pxelinux.cfg/default", "label install\nkernel k\n"},
                        {"i386/pxelinux.cfg/default", "label install\nkernel k\n"}}),
              AllOf(HasSubstr("amd64/k"), HasSubstr("i386/k"), way_out));
}

// What is said travels in one message of 60 kB.
TEST(TreeFinder, HostileNamesAndLabelsDoNotFillTheMessage) {
  Files kernels, menu{{"k", ""}};
  for (int i = 0; i < 4096; ++i) kernels[std::to_string(i) + std::string(300, 'd') + "/linux"] = "";
  EXPECT_THAT(error_of(kernels), AllOf(HasSubstr("and 4088 more"), testing::SizeIs(testing::Lt(2000U))));
  for (int i = 0; i < 999; ++i) menu["syslinux.cfg"] += "label " + std::string(200, 'l') + "\nkernel k\n";
  EXPECT_THAT(error_of(menu), AllOf(HasSubstr("and 991 more"), testing::SizeIs(testing::Lt(2000U))));
}

TEST(TreeFinder, HostileConfigurationEnds) {
  // Includes itself; includes two that include each other twice.
  const auto entry = find({{"linux", ""},
                           {"initrd", ""},
                           {"syslinux.cfg", "include syslinux.cfg\ninclude a\ninclude a\n"},
                           {"a", "include b\ninclude b\n"},
                           {"b", "include a\ninclude a\n"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kernel, "linux");
  // Paths that leave the tree are simply not in it.
  EXPECT_THAT(error_of({{"syslinux.cfg", "label install\nkernel ../../vmlinuz\n"}}), HasSubstr("no kernel"));
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "label x\n";
  EXPECT_THAT(error_of({{"syslinux.cfg", many + "text help\nno end"}}), HasSubstr("no kernel"));
  EXPECT_THAT(error_of({{"grub.cfg", "menuentry\nmenuentry '\n linux\n initrd\n}"}}), HasSubstr("no kernel"));
}

TEST(TreeFinder, DebiansInstaller) {
  namespace fs = std::filesystem;
  for (const std::string flavour : {"text", "gtk"}) {
    const std::string top = "/usr/lib/debian-installer/images/12/amd64/" + flavour;
    Files files;
    std::error_code error;
    for (const auto& file : fs::recursive_directory_iterator(top, error)) {
      if (!fs::is_regular_file(file.path())) continue;
      const std::string name = file.path().lexically_relative(top).string();
      files[name] = name.ends_with(".cfg") || name.ends_with("default") ? read_text(file.path()) : "";
    }
    if (files.empty()) GTEST_SKIP() << "package debian-installer-12-netboot-amd64 is not installed";
    const auto entry = find(files);
    ASSERT_TRUE(entry) << entry.error().what;
    EXPECT_EQ(*entry, (BootEntry{"install",
                                 "debian-installer/amd64/linux",
                                 {"debian-installer/amd64/initrd.gz"},
                                 "vga=788 --- quiet"}));
    // And GRUB's menu says the same.
    std::erase_if(files, [](const auto& f) {
      return f.first.ends_with("default") || f.first.find("boot-screens") != f.first.npos;
    });
    const auto by_grub = find(files);
    ASSERT_TRUE(by_grub) << by_grub.error().what;
    EXPECT_EQ(by_grub->kernel, entry->kernel);
    EXPECT_EQ(by_grub->command_line, entry->command_line);
  }
}

}  // namespace
}  // namespace content
