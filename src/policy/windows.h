// SPDX-License-Identifier: GPL-3.0-or-later
// How a Windows image boots: not as a kernel that a loader of ours fetches, but through Windows'
// own boot manager, which the image brings along and the firmware starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/facts.h"

namespace policy {

// What stands beside a WIM: names in the published tree, empty for what the image does not bring.
// pxeboot.com asks for F12 and pxeboot.n12 does not; both load bootmgr.exe from beside them.
struct WindowsFiles {
  std::int64_t image = 0;
  std::string pxeboot_com, pxeboot_n12, bootmgr_exe;
  std::string bootmgfw_efi;
  std::string boot_sdi;
  std::string fonts;        // the folder
  std::string locale = {};  // "de-DE": the image's language; empty: it is not known
  bool operator==(const WindowsFiles&) const = default;
};

// The program that this machine's firmware starts; empty: there is none. Where one of the two
// BIOS programs is missing the other one stands in for it. `asks`: somebody is to press F12,
// which UEFI's boot manager has no way to ask for.
std::string_view windows_program(const Facts& facts, const WindowsFiles& files, bool asks);

}  // namespace policy
