// SPDX-License-Identifier: GPL-3.0-or-later
// What the readers of both kinds of discs share: reads that cannot leave the image, an account
// of how much was read and found, and names that can be trusted to be names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
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
  static base::Result<std::string> path(std::string_view directory, std::string_view name);

  // Each is counted, files and whatever is skipped.
  base::Status count_entry();
  // Extents are checked, cut to `size` and joined where one continues the other.
  base::Status add_file(std::string path, std::uint64_t size, const std::vector<Extent>& extents);
  // False for the second time at the same place: directories in a circle.
  bool enter_directory(std::uint64_t place) { return entered_.insert(place).second; }

  Disc finish(DiscNames names, std::string_view label) &&;

 private:
  const DiscSource& source_;
  Disc disc_;
  std::unordered_set<std::uint64_t> entered_;
  std::uint64_t octets_ = 0;  // read so far
  std::size_t entries_ = 0;
  std::size_t extents_ = 0;
  std::size_t path_octets_ = 0;
};

}  // namespace format
