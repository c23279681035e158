// SPDX-License-Identifier: GPL-3.0-or-later
// What firmware gets on its way to a Windows image.
#include "policy/windows.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/overloaded.h"
#include "case.h"
#include "policy/rom_menu.h"
#include "words.h"

namespace policy {
namespace {

WindowsFiles windows_files() {
  const std::string beside = "images/pe/1/";
  return {1,
          beside + "pxeboot.com",
          beside + "pxeboot.n12",
          beside + "bootmgr.exe",
          beside + "bootmgfw.efi",
          beside + "boot.sdi",
          beside + "fonts"};
}

// A known machine with one Windows image deployed to it.
Case windows(Facts facts, Purpose purpose = Purpose::required) {
  Case c;
  facts.uuid = c.facts.uuid;
  facts.network = c.facts.network;
  c.facts = facts;
  c.i().kind = ImageKind::wim;
  c.i().kernel = "images/pe/1/boot.wim";
  c.d().purpose = purpose;
  c.model.windows = {windows_files()};
  return c;
}

std::string step_of(const Case& c) {
  const Snapshot site = c.make();
  const Answer given = answer(c.facts, site, c.at);
  if (const auto* reason = std::get_if<Reason>(&given.step)) return std::string(print(*reason));
  const auto& step = std::get<Step>(given.step);
  switch (step.kind) {
    case StepKind::loader:
      return std::string(step.path);
    case StepKind::script:
      return "script";
    case StepKind::menu: {
      const RomMenu menu = rom_menu(c.facts, given.plan, site);
      return fmt::format("menu of {}", menu.size);
    }
    default:
      return "something else";
  }
}

TEST(Windows, EachFirmwareGetsItsProgram) {
  const Facts bios = machine(ClientKind::bios_rom, Arch::bios), uefi = machine();
  const Facts http = machine(ClientKind::uefi_http), wds = machine(ClientKind::wds_program, Arch::bios);
  struct Row {
    const char* name;
    Case c;
    const char* want;
  };
  const auto without = [](Case c, std::string WindowsFiles::*file) {
    c.model.windows.front().*file = "";
    return c;
  };
  const Row rows[] = {
      {"BIOS", windows(bios), "images/pe/1/pxeboot.n12"},
      {"BIOS, asked", windows(bios, Purpose::available), "images/pe/1/pxeboot.com"},
      {"BIOS, asked, and the program that asks is missing",
       without(windows(bios, Purpose::available), &WindowsFiles::pxeboot_com), "images/pe/1/pxeboot.n12"},
      {"BIOS, and the program that does not ask is missing",
       without(windows(bios), &WindowsFiles::pxeboot_n12), "images/pe/1/pxeboot.com"},
      {"BIOS without a boot manager", without(windows(bios), &WindowsFiles::bootmgr_exe),
       "no-windows-program"},
      {"BIOS, through wdsnbp.com", windows(wds), "images/pe/1/pxeboot.n12"},
      {"UEFI", windows(uefi), "images/pe/1/bootmgfw.efi"},
      {"UEFI, asked by the firmware's own menu", windows(uefi, Purpose::available), "menu of 1"},
      {"UEFI without a boot manager", without(windows(uefi), &WindowsFiles::bootmgfw_efi),
       "no-windows-program"},
      {"UEFI without a boot manager, asked",
       without(windows(uefi, Purpose::available), &WindowsFiles::bootmgfw_efi), "no-windows-program"},
      {"UEFI HTTP Boot goes by an iPXE", windows(http), "x64/snponly.efi"},
      {"iPXE on BIOS", windows(ipxe(Arch::bios, true)), "images/pe/1/pxeboot.n12"},
      {"iPXE on UEFI", windows(ipxe(Arch::x64, true)), "images/pe/1/bootmgfw.efi"},
      {"iPXE asks in its script", windows(ipxe(Arch::x64, true), Purpose::available), "script"},
      {"iPXE without HTTP", windows(ipxe(Arch::bios, false)), "images/pe/1/pxeboot.n12"},
  };
  for (const Row& row : rows) EXPECT_EQ(step_of(row.c), row.want) << row.name;
}

TEST(Windows, AnImageOfNoFilesBootsNobody) {
  Case c = windows(machine());
  c.model.windows.clear();
  EXPECT_EQ(step_of(c), "no-windows-program");
}

TEST(Windows, SeveralImagesAreAskedForByALoader) {
  Case c = windows(machine(), Purpose::available);
  c.model.deployments.push_back(deployment(2, ToCollection{1}, Purpose::available, 2));
  EXPECT_EQ(step_of(c), "x64/snponly.efi");
  c.facts.kind = ClientKind::bios_rom;
  c.facts.arch = Arch::bios;
  EXPECT_EQ(step_of(c), "bios/pxelinux.0");
}

}  // namespace
}  // namespace policy
