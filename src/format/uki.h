// SPDX-License-Identifier: GPL-3.0-or-later
// Unified kernel images: one UEFI program that holds a Linux kernel, its initrds and its command
// line as sections, which systemd's stub or another takes out and starts.
// Source: «Unified Kernel Image (UKI)», uapi-group.org/specifications.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/pe_program.h"

namespace format {

struct UkiParts {
  PeRange kernel;
  std::vector<PeRange> initrds;                      // microcode first, as the stub hands them over
  PeRange command_line, os_release, kernel_version;  // texts; of size 0: not there
};

// Of several profiles the common one, which stands first. Refused where there is no kernel.
base::Result<UkiParts> find_uki_parts(std::span<const PeSection> sections);

// "PRETTY_NAME" of an os-release, else "NAME": one printable line, at most longest_pe_name
// octets; empty where neither is there.
std::string system_name(std::string_view os_release);

}  // namespace format
