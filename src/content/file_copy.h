// SPDX-License-Identifier: GPL-3.0-or-later
// One file's bytes from descriptor to descriptor, by the cheapest way that the two file
// systems have.
#pragma once

#include <cstdint>
#include <functional>

namespace content {

// Octets that were copied just now.
using OnCopied = std::function<void(std::uint64_t octets)>;

// Copies `size` octets from the start of one to the start of the other, sharing blocks where
// the file system can. Returns an errno, 0 for success; ENODATA when the source ends early.
int copy_file(int from, int to, std::uint64_t size, const OnCopied& on_copied);

}  // namespace content
