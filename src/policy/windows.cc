// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/windows.h"

namespace policy {

std::string_view windows_program(const Facts& facts, const WindowsFiles& files, bool asks) {
  if (facts.arch != Arch::bios) return asks ? std::string_view() : files.bootmgfw_efi;
  if (files.bootmgr_exe.empty()) return {};
  const std::string& first = asks ? files.pxeboot_com : files.pxeboot_n12;
  const std::string& second = asks ? files.pxeboot_n12 : files.pxeboot_com;
  return first.empty() ? second : first;
}

}  // namespace policy
