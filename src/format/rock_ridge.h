// SPDX-License-Identifier: GPL-3.0-or-later
// What stands behind the name in a directory record: the system use fields (SUSP 1.12) that
// Rock Ridge (IEEE P1282) defines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace format {

struct RockRidge {
  bool is_susp = false;   // the marker that the root's own record begins with
  std::uint8_t skip = 0;  // octets in front of the fields in all other records
  bool present = false;   // attributes of POSIX: these are Rock Ridge's fields
  std::string name;       // as octets; empty: the record's own
  bool is_link = false;
  bool is_relocated = false;  // shows up elsewhere in the tree, where it was put at first
  bool is_compressed = false;
  std::optional<std::uint32_t> directory;  // of one that was relocated: the block where it is
};

// Octets of another block: (block, offset, size).
using ReadContinuation =
    std::function<base::Result<base::Bytes>(std::uint32_t block, std::uint32_t offset, std::uint32_t size)>;

base::Result<RockRidge> read_rock_ridge(base::ByteView fields, const ReadContinuation& more);

}  // namespace format
