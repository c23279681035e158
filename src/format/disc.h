// SPDX-License-Identifier: GPL-3.0-or-later
// Disc images (UDF, ISO 9660), read only and without unpacking: which files there are and where
// in the image each one's octets stand. Images come from anywhere: everything is bounded, and
// what cannot be right is refused with one line that says so.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace format {

struct DiscSource {
  std::uint64_t size = 0;
  // Fills `out` from an offset. Never asked past `size`.
  std::function<base::Status(std::uint64_t offset, std::span<std::uint8_t> out)> read;
};
// A regular file, open for reading; its own position does not matter or move. The descriptor
// must stay open as long as the source is used.
base::Result<DiscSource> disc_source(int fd);

// Octets of the image.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const Extent&) const = default;
};

// A regular file. Its content is its extents, one behind the other, which lie in the image and
// add up to its size; an empty file has none.
struct DiscFile {
  std::string path;  // UTF-8, '/' between parts, none in front
  std::uint64_t size = 0;
  std::vector<Extent> extents;
};

// Whose names these are. One image may have several sets; see read_disc.
enum class DiscNames : std::uint8_t { udf, rock_ridge, joliet, iso9660 };
std::string_view print(DiscNames names);

struct Disc {
  DiscNames names = DiscNames::iso9660;
  std::string label;            // one line, as the disc has it; may be empty
  std::vector<DiscFile> files;  // sorted by path; no directories, no symbolic links

  // As spelled, else without regard to the case of ASCII letters. '\' does for '/'.
  [[nodiscard]] const DiscFile* find(std::string_view path) const;
};

inline constexpr std::size_t most_disc_entries = 200'000;
inline constexpr std::size_t most_disc_levels = 64;
inline constexpr std::size_t longest_disc_path = 1024;
inline constexpr std::size_t most_disc_extents = 1'000'000;
inline constexpr std::size_t largest_disc_directory = 16 * 1024 * 1024;

// UDF where there is any: Windows media show a shortened file, or a text that says so, on
// their ISO 9660 side, so a damaged UDF is never made up for by it. Else Rock Ridge, Joliet,
// plain ISO 9660. UDF: 1.02 to 2.01, as it is written in one go; not what packet writing,
// sparing tables or a metadata partition need.
base::Result<Disc> read_disc(const DiscSource& source);

// The front of a file, `most` octets of it.
base::Result<base::Bytes> read_disc_file(const DiscSource& source, const DiscFile& file, std::size_t most);

}  // namespace format
