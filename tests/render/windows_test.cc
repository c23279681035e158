// SPDX-License-Identifier: GPL-3.0-or-later
// How menus and boot configurations lead to Windows.
#include "render/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "render/menu.h"

namespace render {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const ServerAddress server{{{10, 0, 0, 2}}, 80};

struct Site {
  policy::Image pe, debian;
  policy::WindowsFiles files;
  policy::Deployment first, second;

  Site() {
    pe.id = 7;
    pe.name = "WinPE";
    pe.kind = policy::ImageKind::wim;
    pe.kernel = "images/winpe/3/boot.wim";
    debian.id = 8;
    debian.name = "debian";
    debian.kernel = "images/debian/1/linux";
    const std::string beside = "images/winpe/3/";
    files = {7,
             beside + "pxeboot.com",
             beside + "pxeboot.n12",
             beside + "bootmgr.exe",
             beside + "bootmgfw.efi",
             beside + "boot.sdi",
             beside + "fonts"};
    first.name = "rescue";
    second.name = "linux";
  }
  policy::Plan boot(policy::Prompting prompt = policy::Prompting::none) const {
    policy::Plan plan;
    plan.outcome = policy::Boot{{&pe, &first, nullptr, &files}, prompt, {}};
    return plan;
  }
  policy::Plan menu() const {
    policy::Plan plan;
    policy::Menu menu;
    menu.choices[0] = {&pe, &first, nullptr, &files};
    menu.choices[1] = {&debian, &second, nullptr, nullptr};
    menu.size = 2;
    plan.outcome = menu;
    return plan;
  }
};

// As UTF-16 in the store's values.
std::string wide(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    out += '\0';
  }
  return out;
}

std::string bcd(const policy::Plan& plan, std::int64_t only = 0) {
  const auto bytes = windows_bcd(plan, {}, only);
  if (!bytes) return "refused: " + bytes.error().what;
  if (!*bytes) return "";
  return {(*bytes)->begin(), (*bytes)->end()};
}

TEST(WindowsBcd, NamesTheImagesFilesAsWindowsSpellsThem) {
  const Site site;
  const std::string store = bcd(site.boot());
  EXPECT_TRUE(store.starts_with("regf"));
  EXPECT_THAT(store, HasSubstr(wide("\\images\\winpe\\3\\boot.wim")));
  EXPECT_THAT(store, HasSubstr(wide("\\images\\winpe\\3\\boot.sdi")));
  EXPECT_THAT(store, HasSubstr(wide("\\images\\winpe\\3\\fonts")));
  EXPECT_THAT(store, HasSubstr(wide("WinPE")));
  EXPECT_EQ(store, bcd(site.boot())) << "the same settings give the same bytes";
}

TEST(WindowsBcd, OfAMenuOnlyWhatIsWindows) {
  const Site site;
  EXPECT_THAT(bcd(site.menu()), HasSubstr(wide("rescue")));
  EXPECT_THAT(bcd(site.menu()), Not(HasSubstr(wide("linux"))));
  EXPECT_EQ(bcd(site.menu(), 7), bcd(site.menu()));
  EXPECT_EQ(bcd(site.menu(), 8), "") << "no Windows";
  EXPECT_EQ(bcd(site.menu(), 9), "") << "not for this machine";
}

TEST(WindowsBcd, SpeaksTheImagesLanguageOrTheSites) {
  Site site;
  EXPECT_THAT(bcd(site.boot()), HasSubstr(wide("en-US")));
  site.files.locale = "de-DE";
  EXPECT_THAT(bcd(site.boot()), AllOf(HasSubstr(wide("de-DE")), Not(HasSubstr(wide("en-US")))));
  policy::Settings settings;
  settings.windows.locale = "fr-FR";
  const auto bytes = windows_bcd(site.boot(), settings);
  ASSERT_TRUE(bytes && *bytes);
  EXPECT_THAT(std::string((*bytes)->begin(), (*bytes)->end()),
              AllOf(HasSubstr(wide("fr-FR")), Not(HasSubstr(wide("de-DE")))));
}

TEST(WindowsBcd, NothingWhereNothingBoots) {
  EXPECT_EQ(bcd({}), "");
  Site site;
  site.files.boot_sdi.clear();
  EXPECT_EQ(bcd(site.boot()), "");
}

TEST(IpxeScript, HandsOverToWindowsAsTheRomWould) {
  const Site site;
  EXPECT_EQ(ipxe_script(site.boot(), {}, server), R"(#!ipxe
echo Bootferry: booting WinPE
set wanted the Windows boot program for ${platform}
clear program ||
iseq ${platform} pcbios && set program images/winpe/3/pxeboot.n12 ||
iseq ${platform} efi && set program images/winpe/3/bootmgfw.efi ||
isset ${program} || goto failed
set netX/next-server 10.0.0.2
set netX/filename ${program}
set netX/252:string \bcd\${netX/mac:hexhyp}\7.bcd
imgfree
chain tftp://10.0.0.2/${program} || goto failed
:failed
echo Bootferry: ${wanted} could not be loaded or started
exit 1
)");
}

TEST(IpxeScript, WhatAnImageLacksIsNotTried) {
  Site site;
  site.files.pxeboot_n12.clear();
  EXPECT_THAT(ipxe_script(site.boot(), {}, server), HasSubstr("set program images/winpe/3/pxeboot.com"));
  BootWords words;
  words.mac_dashed = "52-54-00-12-34-56";
  words.report = "http://10.0.0.2/boot/v1/4f1c";
  // «\bcd\52-54-00-12-34-56.boot.var» behind its type and length.
  EXPECT_THAT(
      ipxe_script(site.boot(), {}, server, words),
      HasSubstr("\nset netX/243:hex 01:1f:5c:62:63:64:5c:35:32:2d:35:34:2d:30:30:2d:31:32:2d:33:34:2d:35:36:"
                "2e:62:6f:6f:74:2e:76:61:72 ||\n"));
  site.files.pxeboot_com.clear();
  EXPECT_THAT(ipxe_script(site.boot(), {}, server), Not(HasSubstr("pcbios")));
}

TEST(PxelinuxConfig, ChainsWindowsBootProgram) {
  const Site site;
  EXPECT_THAT(
      pxelinux_config(site.menu(), {}),
      HasSubstr("LABEL 1\n  COM32 ::/bios/pxechn.c32\n  APPEND ::images/winpe/3/pxeboot.n12 -W\nLABEL 2\n"));
}

TEST(GrubConfig, ChainsTheBootManager) {
  const Site site;
  EXPECT_THAT(grub_config(site.menu(), {}), HasSubstr("  chainloader /images/winpe/3/bootmgfw.efi\n}"));
}

}  // namespace
}  // namespace render
