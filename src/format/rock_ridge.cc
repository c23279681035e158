// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/rock_ridge.h"

#include <string_view>

#include "format/numbers_on_disk.h"

namespace format {
namespace {

constexpr std::size_t most_continuations = 32;
constexpr std::uint32_t largest_continuation = 2048;
constexpr std::size_t longest_name = 1024;

struct Continuation {
  std::uint32_t block;
  std::uint32_t offset;
  std::uint32_t size;
};

// One area of fields; tells where the next one is, if there is one.
base::Result<std::optional<Continuation>> read_area(base::ByteView area, RockRidge& out) {
  std::optional<Continuation> next;
  while (area.size() >= 4) {
    const std::string_view id = base::as_text(area.first(2));
    const std::size_t size = area[2];
    if (size < 4) break;  // padding
    if (size > area.size()) return base::fail("damaged: a Rock Ridge field that leaves its record");
    const base::ByteView field = area.first(size);
    if (id == "SP" && size >= 7) {
      out.is_susp = field[4] == 0xbe && field[5] == 0xef;
      out.skip = field[6];
    } else if (id == "CE" && size >= 28) {
      next = Continuation{number_at<std::uint32_t>(field, 4), number_at<std::uint32_t>(field, 12),
                          number_at<std::uint32_t>(field, 20)};
    } else if (id == "PX" || id == "RR") {
      out.present = true;
    } else if (id == "NM" && size >= 5) {
      constexpr std::uint8_t this_or_parent = 2 | 4;
      if ((field[4] & this_or_parent) == 0) out.name += base::as_text(field.subspan(5));
      if (out.name.size() > longest_name) return base::fail("damaged: a Rock Ridge name without end");
    } else if (id == "SL") {
      out.is_link = true;
    } else if (id == "RE") {
      out.is_relocated = true;
    } else if (id == "ZF") {
      out.is_compressed = true;
    } else if (id == "CL" && size >= 12) {
      out.directory = number_at<std::uint32_t>(field, 4);
    } else if (id == "ST") {
      break;
    }
    area = area.subspan(size);
  }
  return next;
}

}  // namespace

base::Result<RockRidge> read_rock_ridge(base::ByteView fields, const ReadContinuation& more) {
  RockRidge out;
  auto next = read_area(fields, out);
  for (std::size_t count = 0; next && *next; ++count) {
    if (count == most_continuations || (*next)->size > largest_continuation) {
      return base::fail("damaged: Rock Ridge fields without end");
    }
    const auto area = more((*next)->block, (*next)->offset, (*next)->size);
    if (!area) return tl::unexpected(area.error());
    next = read_area(*area, out);
  }
  if (!next) return tl::unexpected(next.error());
  return out;
}

}  // namespace format
