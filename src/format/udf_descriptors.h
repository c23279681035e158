// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of UDF's structures (ECMA-167, OSTA UDF 2.01) that locating files needs: octets
// in, values out. A structure whose tag does not hold is nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace format::udf {

// Identifiers of descriptor tags (ECMA-167 3/7.2.1, 4/7.2.1).
inline constexpr std::uint16_t anchor = 2, volume_pointer = 3, partition = 5, logical_volume = 6,
                               terminating = 8, file_set = 256, file_identifier = 257,
                               allocation_extent = 258, file_entry = 261, extended_file_entry = 266;

// The tag's identifier if its checksum and, over as much as it says, its CRC are right.
std::optional<std::uint16_t> read_tag(base::ByteView octets);
std::uint16_t crc16(base::ByteView octets);  // CCITT, from 0

// A place within a partition; `reference` counts the logical volume's partition maps.
struct Place {
  std::uint32_t block = 0;
  std::uint16_t reference = 0;
  bool operator==(const Place&) const = default;
};

enum class Recorded : std::uint8_t { yes, allocated, nothing, continued };
struct Allocation {
  std::uint32_t size = 0;  // octets
  Recorded recorded = Recorded::yes;
  Place place;
};
Allocation read_short(base::ByteView octets, std::uint16_t reference);  // 8 octets
Allocation read_long(base::ByteView octets);                            // 16 octets

struct Partition {
  std::uint32_t sequence = 0;  // of several descriptors of one partition, the highest counts
  std::uint16_t number = 0;
  std::uint32_t start = 0;  // block of the volume
};
std::optional<Partition> read_partition(base::ByteView octets);

struct PartitionMap {
  std::uint16_t partition = 0;
  std::string_view kind = {};  // of one that is more than a partition: "*UDF Metadata Partition"
};
struct LogicalVolume {
  std::uint32_t sequence = 0;
  std::string label;
  std::uint32_t block_size = 0;
  Place file_set;
  std::vector<PartitionMap> maps;  // `kind` points into the descriptor
};
std::optional<LogicalVolume> read_logical_volume(base::ByteView octets);

struct FileEntry {
  std::uint8_t type = 0;  // 4 a directory, 5 a file
  std::uint16_t strategy = 0;
  std::uint64_t size = 0;
  std::uint8_t allocation_kind = 0;  // 0 short, 1 long, 3 the content itself
  std::size_t allocations_at = 0;
  std::size_t allocations_size = 0;
};
std::optional<FileEntry> read_file_entry(base::ByteView block);

struct FileIdentifier {
  bool deleted = false;
  bool is_parent = false;
  Place entry;
  std::string name;
  std::size_t size = 0;  // of the identifier, with its padding
};
std::optional<FileIdentifier> read_file_identifier(base::ByteView rest);

// OSTA CS0: the first octet says how many a character has. nullopt for any other form.
std::optional<std::string> read_text(base::ByteView cs0);

}  // namespace format::udf
