// SPDX-License-Identifier: GPL-3.0-or-later
// What a file that is to be booted says about itself: a Linux kernel's header, or a UEFI
// program's machine. Bytes in, facts out; hostile files are refused with words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "policy/model.h"

namespace content {

// As much of the front of a file as read_kernel_header can use.
inline constexpr std::size_t kernel_head_size = 64 * 1024;

struct KernelFacts {
  policy::Arch arch = policy::Arch::other;
  std::string version;                 // "6.1.0-50-amd64"; empty where the format keeps none
  bool efi_stub = false;               // UEFI firmware can start it without a loader
  std::uint32_t command_line_max = 0;  // 0: the header does not say
  bool operator==(const KernelFacts&) const = default;
};

// The error tells what the file is instead, without naming it: the caller knows its name.
base::Result<KernelFacts> read_kernel_header(base::ByteView head);

// The machine of a PE program, if this is one: nullopt for anything else.
std::optional<policy::Arch> efi_program_arch(base::ByteView head);

}  // namespace content
