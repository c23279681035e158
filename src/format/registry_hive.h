// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a registry hive, the file that Windows keeps a tree of keys and values in ("regf",
// version 1.3): value tree in, bytes out. The same tree gives the same bytes: no clock and
// no chance goes in. What is where, and why so: docs/formats/bcd.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace format {

// Codes of winnt.h.
enum class RegistryType : std::uint32_t { string = 1, binary = 3, number = 4, strings = 7 };

struct HiveValue {
  std::string name;
  RegistryType type = RegistryType::binary;
  base::Bytes data = {};
  bool operator==(const HiveValue&) const = default;
};

// Written in the order that lookups by name need, whatever the order here.
struct HiveKey {
  std::string name;
  std::vector<HiveValue> values = {};
  std::vector<HiveKey> keys = {};
  bool operator==(const HiveKey&) const = default;
};

inline constexpr std::size_t most_subkeys = 500;          // more would need an index of lists
inline constexpr std::size_t most_value_octets = 16'344;  // more would need a list of segments
inline constexpr std::size_t most_key_levels = 32;

// Refuses names that are not 1 to 255 characters of printable ASCII without '\', two names in
// one place that differ in case at most, and what is over the bounds.
base::Result<base::Bytes> write_hive(const HiveKey& root);

}  // namespace format
