// SPDX-License-Identifier: GPL-3.0-or-later
// Unified kernel images that somebody hands over: what one is, and where in it the kernel and the
// initrds stand. Read in a limited process (confined.h), as Windows images are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/confined.h"
#include "content/kernel.h"
#include "format/uki.h"

namespace content {

struct UkiFacts {
  std::uint64_t size = 0;    // octets of the file
  std::string system;        // "Debian GNU/Linux 12 (bookworm)"; may be empty
  std::string command_line;  // as it stands, without what fills it up
  KernelFacts kernel_facts;  // of the kernel inside; its architecture is the program's
  format::PeRange kernel;
  std::vector<format::PeRange> initrds;
  std::vector<format::PeSignature> signatures;  // none: unsigned
};

// Bounds of what the facts may hold.
inline constexpr std::size_t most_uki_initrds = 32;
inline constexpr std::size_t longest_uki_command_line = 4096;       // octets
inline constexpr std::size_t largest_uki_signatures = 1024 * 1024;  // octets of all

struct UkiInspection {
  UkiFacts facts;
  bool landlock = false;  // ConfinedAnswer
};
ConfinedResult<UkiInspection> inspect_uki(const FilePart& file, const ConfinedLimits& limits = {});

// Whether a file is to be taken for one: a UEFI program that is no kernel itself.
bool is_uki(int file);

// Between the limited process and its parent, and for whoever asks for JSON. The reader is
// suspicious of everything: kinds, bounds, parts that are not within `size`.
std::string print_uki_facts(const UkiFacts& facts);
base::Result<UkiFacts> parse_uki_facts(std::string_view json, std::uint64_t size);

// The names of the program and of the initrds beside it («initrd», «1-initrd», …); the kernel's is
// policy::uki_kernel_name.
inline constexpr std::string_view uki_name = "uki.efi";
inline constexpr std::string_view uki_initrd_name = "initrd";

}  // namespace content
