// SPDX-License-Identifier: GPL-3.0-or-later
// A unified kernel image: kernel, initramfs and command line in one UEFI program, by
// systemd-boot's stub.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bootimage {

struct UkiParts {
  std::string stub, kernel, initrd;  // files
  std::string command_line, release;
};

// Writes `file`; `scratch` is a folder for the pieces.
base::Status write_uki(const UkiParts& parts, const std::string& file, const std::string& scratch);

// The first address behind all sections that `objdump -h` lists, at a page's beginning.
base::Result<std::uint64_t> end_of_sections(std::string_view headers);

// objcopy writes the time into a program, and so into its checksum; firmware reads neither. False:
// it is no such program.
bool take_out_time(std::string& program);

}  // namespace bootimage
