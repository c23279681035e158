// SPDX-License-Identifier: GPL-3.0-or-later
// An open file, or a part of one: a Windows image within a disc image is read where it stands.
#pragma once

#include <cstdint>

namespace content {

struct FilePart {
  static constexpr std::uint64_t to_the_end = ~std::uint64_t{0};
  FilePart(int file) : fd(file) {}  // NOLINT(google-explicit-constructor): every file is a part of itself
  FilePart(int file, std::uint64_t from, std::uint64_t octets) : fd(file), offset(from), size(octets) {}

  int fd;                    // open for reading; somebody else's
  std::uint64_t offset = 0;  // octets, as is the size
  std::uint64_t size = to_the_end;
};

}  // namespace content
