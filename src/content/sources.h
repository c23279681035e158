// SPDX-License-Identifier: GPL-3.0-or-later
// Files that somebody hands over, and what their names may be.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/file_part.h"

namespace content {

// A file handed over open, or a part of one: of a disc image only what is needed is copied. Only
// positioned reads are done: the descriptor's own position, which its owner may share, neither
// matters nor moves.
struct SourceFile {
  std::string name;  // relative, '/' between parts
  FilePart part{-1};
};

// Octets of all files together.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Letters, digits, '.', '_' and '-', at most 64, beginning with a letter or a digit: the name
// is a part of URLs, and must look like no option and no hidden file.
base::Status check_image_name(std::string_view name);

// Relative, without "..", '\' and control characters: a file of that name can be asked for.
base::Status check_file_name(std::string_view name);

// Each name fine, no two the same to a client (which ignores case), none a folder of another's;
// each descriptor a regular file that holds the
// whole part.
base::Status check_sources(std::span<const SourceFile> files);

// The first `size` octets of a file, fewer if it is shorter.
base::Result<std::vector<std::uint8_t>> read_front(const SourceFile& file, std::size_t size);

}  // namespace content
