// SPDX-License-Identifier: GPL-3.0-or-later
// What the readers of both kinds of discs share: reads that cannot leave the image, an account
// of how much was read and found, and names that can be trusted to be names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "format/disc.h"

namespace format {

class DiscReader {
 public:
  explicit DiscReader(const DiscSource& source) : source_(source) {}
  [[nodiscard]] std::uint64_t size() const { return source_.size; }

  // `what` names it where it lies beyond the end.
  base::Result<base::Bytes> read(std::uint64_t offset, std::uint64_t size, std::string_view what);

  // «directory/name». The name is checked: neither empty nor "." nor "..", without '/' and NUL.
  // What is no printable UTF-8 in it becomes U+FFFD.
  base::Result<std::string> path(std::string_view directory, std::string_view name);

  // Each is counted, files and whatever is skipped.
  base::Status count_entry();
  // Those of directories; add_file counts those of files.
  base::Status count_extents(std::size_t count);
  // Extents are checked, cut to `size` and joined where one continues the other.
  base::Status add_file(std::string path, std::uint64_t size, const std::vector<Extent>& extents);
  // Into a directory, by where it is and how deep: the root is level 0. Depth first, so that
  // those above it are the ones entered last. A directory may stand at several places (mkisofs
  // writes links so when it follows them), but not within itself.
  base::Status enter_directory(std::uint64_t place, std::size_t level);

  Disc finish(DiscNames names, std::string_view label) &&;

 private:
  const DiscSource& source_;
  Disc disc_;
  std::vector<std::uint64_t> trail_;  // from the root to where we are
  std::uint64_t octets_ = 0;          // read so far
  std::size_t entries_ = 0;
  std::size_t extents_ = 0;
  std::size_t path_octets_ = 0;
};

}  // namespace format
