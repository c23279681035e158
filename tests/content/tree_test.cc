// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/tree.h"

#include <fmt/format.h>
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

base::Result<BootEntry> find(const Files& files, std::string_view wanted = {}) {
  TreeView tree;
  for (const auto& [name, text] : files) tree.names.push_back(name);
  tree.read = [&](const std::string& name) -> base::Result<std::string> { return files.at(name); };
  auto menu = find_boot_menu(tree, wanted);
  if (!menu) return tl::unexpected(menu.error());
  return std::move(menu->chosen);
}

std::string error_of(const Files& files, std::string_view wanted = {}) {
  const auto entry = find(files, wanted);
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

TEST(TreeFinder, GrubsOwnDefault) {
  const auto menu = [](const std::string& set) {
    const std::string entry = " {\n linux /k word\n initrd /i\n}\n";
    return Files{
        {"k", ""},
        {"i", ""},
        {"boot/grub/grub.cfg", set + "\nmenuentry 'Try'" + entry + "submenu 'More' {\nmenuentry 'Safe'" +
                                   entry + "}\nmenuentry \"Check the disc\" --class x" + entry}};
  };
  EXPECT_EQ(find(menu(""))->label, "Try");
  EXPECT_EQ(find(menu("set default=2"))->label, "Check the disc");
  EXPECT_EQ(find(menu("set default='Safe'"))->label, "Safe");
  EXPECT_EQ(find(menu("set default=\"0\"\nset default=\"${saved}\""))->label, "Try");
  // A submenu is no entry: GRUB would show it.
  EXPECT_THAT(error_of(menu("set default=1")), HasSubstr("«Try», «Safe», «Check the disc»"));
}

TEST(TreeFinder, AnEntryByItsNameInAnyMenu) {
  const Files files = {{"k", ""},
                       {"r/k", ""},
                       {"isolinux/isolinux.cfg", "label install\n kernel k\nlabel dead\n kernel gone\n"},
                       {"boot/grub/grub.cfg", "menuentry 'Rescue  mode' {\n linux /r/k b\n}\n"}};
  EXPECT_EQ(find(files)->label, "install");
  EXPECT_EQ(find(files, "INSTALL")->kernel, "k");
  EXPECT_EQ(find(files, "rescue mode")->command_line, "b");
  EXPECT_EQ(find(files, "r/k")->label, "Rescue  mode");
  EXPECT_EQ(error_of(files, "dead"),
            "no menu entry «dead» that boots anything: there are «install», «Rescue mode»");
  EXPECT_EQ(error_of({{"vmlinuz", ""}, {"initrd", ""}}, "x"),
            "no menu entry «x» that boots anything: there is none");
}

TEST(TreeFinder, TheMenusLabelsAreListedWithinBounds) {
  Files files{{"k", ""}, {"syslinux.cfg", "default 7\nlabel a\tb\nkernel k\nlabel a\tb\nkernel k\n"}};
  for (int i = 0; i < 100; ++i)
    files["syslinux.cfg"] +=
        fmt::format("label {}\nkernel k\nlabel {}\nkernel k\n", i, std::string(200, 'l'));
  TreeView tree{{"k", "syslinux.cfg"}, [&](const std::string& name) { return files.at(name); }};
  const auto menu = find_boot_menu(tree);
  ASSERT_TRUE(menu) << menu.error().what;
  EXPECT_EQ(menu->chosen.label, "7");
  ASSERT_EQ(menu->labels.size(), most_menu_labels);
  EXPECT_THAT(menu->labels,
              testing::IsSupersetOf({std::string("a b"), std::string(longest_menu_label, 'l')}));
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
