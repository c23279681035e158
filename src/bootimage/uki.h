// SPDX-License-Identifier: GPL-3.0-or-later
// A unified kernel image: kernel, initramfs and command line in one UEFI program, by
// systemd-boot's stub.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bootimage {

struct UkiParts {
  std::string stub, kernel, initrd;  // files
  std::string command_line, release;
};

// Writes `file`; `scratch` is a folder for the pieces, `epoch` SOURCE_DATE_EPOCH.
base::Status write_uki(const UkiParts& parts, const std::string& file, const std::string& scratch,
                       const std::string& epoch);

// The first address behind all sections that `objdump -h` lists, at a page's beginning.
base::Result<std::uint64_t> end_of_sections(std::string_view headers);

}  // namespace bootimage
