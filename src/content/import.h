// SPDX-License-Identifier: GPL-3.0-or-later
// Taking files in: copied into a hidden directory beside the published ones, made durable,
// then given their place by one rename. Whoever dies on the way leaves nothing but a hidden
// directory, which the next start removes.
//
//   <area>/.incoming-XXXXXX/...      being filled; never published
//   <area>/<name>/<version>/...      whole; never changed afterwards
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace content {

// A file handed over open. Only positioned reads are done: the descriptor's own position,
// which its owner may share, neither matters nor moves.
struct SourceFile {
  std::string name;  // relative, '/' between parts
  int fd = -1;
};

using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Letters, digits, '.', '_' and '-', at most 64, beginning with a letter or a digit: the name
// is a directory and a part of URLs, and must look like no option and no hidden file.
base::Status check_image_name(std::string_view name);

// Each name relative and without "..", no two the same to a client (which ignores case);
// each descriptor a regular file.
base::Status check_sources(std::span<const SourceFile> files);

// The first `size` octets of a file, fewer if it is shorter.
base::Result<std::vector<std::uint8_t>> read_front(const SourceFile& file, std::size_t size);

// A copy that has no place yet. Removed with this object unless committed.
class Staged {
 public:
  // Files belong to the owner of `area`, also when root does this on a stopped server.
  static base::Result<Staged> copy(const std::string& area, std::span<const SourceFile> files,
                                   const CopyProgress& progress);
  Staged(Staged&& other) noexcept;
  Staged& operator=(Staged&&) = delete;
  ~Staged();

  // Renames to <area>/<place>, «debian/3», which must not exist. All or nothing.
  base::Status commit(const std::string& place);

 private:
  Staged(std::string area, std::string directory);
  std::string area_;
  std::string directory_;  // empty after commit
};

// Removes what copies that died left in `area`. Only when no copy is under way.
void remove_debris(const std::string& area);

}  // namespace content
