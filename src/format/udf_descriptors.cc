// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/udf_descriptors.h"

#include <algorithm>

#include "format/numbers_on_disk.h"
#include "format/utf16.h"

namespace format::udf {
namespace {

constexpr std::size_t tag_size = 16;

std::uint16_t u16(base::ByteView octets, std::size_t at) { return number_at<std::uint16_t>(octets, at); }
std::uint32_t u32(base::ByteView octets, std::size_t at) { return number_at<std::uint32_t>(octets, at); }

// With this tag, and at least so long.
bool is(base::ByteView octets, std::uint16_t identifier, std::size_t size) {
  return octets.size() >= size && read_tag(octets) == identifier;
}

// The last octet of a dstring says how many it uses.
std::string text_in_field(base::ByteView field) {
  const std::size_t used = std::min<std::size_t>(field.back(), field.size() - 1);
  return read_text(field.first(used)).value_or("");
}

}  // namespace

std::uint16_t crc16(base::ByteView octets) {
  unsigned crc = 0;
  for (const std::uint8_t octet : octets) {
    crc ^= static_cast<unsigned>(octet) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<std::uint16_t>(crc);
}

std::optional<std::uint16_t> read_tag(base::ByteView octets) {
  if (octets.size() < tag_size) return std::nullopt;
  constexpr std::size_t checksum_at = 4;
  unsigned sum = 0;
  for (std::size_t i = 0; i < tag_size; ++i) sum += i == checksum_at ? 0U : octets[i];
  if ((sum & 0xff) != octets[checksum_at]) return std::nullopt;
  const std::size_t covered = u16(octets, 10);
  if (covered > octets.size() - tag_size) return std::nullopt;
  if (crc16(octets.subspan(tag_size, covered)) != u16(octets, 8)) return std::nullopt;
  return u16(octets, 0);
}

Allocation read_short(base::ByteView octets, std::uint16_t reference) {
  const std::uint32_t size = u32(octets, 0);
  return {size & 0x3fffffff, static_cast<Recorded>(size >> 30), {u32(octets, 4), reference}};
}

Allocation read_long(base::ByteView octets) { return read_short(octets, u16(octets, 8)); }

std::optional<Partition> read_partition(base::ByteView octets) {
  if (!is(octets, partition, 196)) return std::nullopt;
  return Partition{u32(octets, 16), u16(octets, 22), u32(octets, 188)};
}

std::optional<LogicalVolume> read_logical_volume(base::ByteView octets) {
  constexpr std::size_t maps_at = 440;
  if (!is(octets, logical_volume, maps_at)) return std::nullopt;
  LogicalVolume out;
  out.sequence = u32(octets, 16);
  out.label = text_in_field(octets.subspan(84, 128));
  out.block_size = u32(octets, 212);
  out.file_set = read_long(octets.subspan(248, 16)).place;
  const std::size_t size = u32(octets, 264);
  if (size > octets.size() - maps_at) return std::nullopt;
  base::ByteView maps = octets.subspan(maps_at, size);
  for (std::uint32_t count = u32(octets, 268); count > 0; --count) {
    constexpr std::uint8_t plain = 1;
    if (maps.size() < 6 || maps[1] < 6 || maps[1] > maps.size()) return std::nullopt;
    const bool is_plain = maps[0] == plain;
    if (!is_plain && maps[1] < 64) return std::nullopt;
    PartitionMap map{u16(maps, is_plain ? 4 : 38), {}};
    if (!is_plain) map.kind = base::as_text(maps.subspan(5, 23));
    out.maps.push_back(map);
    maps = maps.subspan(maps[1]);
  }
  return out;
}

std::optional<FileEntry> read_file_entry(base::ByteView block) {
  const auto identifier = read_tag(block);
  const bool extended = identifier == extended_file_entry;
  const std::size_t attributes_at = extended ? 216 : 176;
  if ((!extended && identifier != file_entry) || block.size() < attributes_at) return std::nullopt;
  FileEntry out;
  out.strategy = u16(block, 20);
  out.type = block[27];
  out.allocation_kind = block[34] & 7;
  out.size = number_at<std::uint64_t>(block, 56);
  const std::size_t attributes = u32(block, attributes_at - 8);
  const std::size_t allocations = u32(block, attributes_at - 4);
  const std::size_t room = block.size() - attributes_at;
  if (attributes > room || allocations > room - attributes) return std::nullopt;
  out.allocations_at = attributes_at + attributes;
  out.allocations_size = allocations;
  return out;
}

std::optional<FileIdentifier> read_file_identifier(base::ByteView rest) {
  constexpr std::size_t fixed = 38;
  if (!is(rest, file_identifier, fixed)) return std::nullopt;
  const std::size_t name_size = rest[19];
  const std::size_t name_at = fixed + u16(rest, 36);
  FileIdentifier out;
  out.deleted = (rest[18] & 0x04) != 0;
  out.is_parent = (rest[18] & 0x08) != 0;
  out.entry = read_long(rest.subspan(20, 16)).place;
  out.size = (name_at + name_size + 3) / 4 * 4;
  if (out.size > rest.size()) return std::nullopt;
  const auto name = read_text(rest.subspan(name_at, name_size));
  if (!name) return std::nullopt;
  out.name = *name;
  return out;
}

std::optional<std::string> read_text(base::ByteView cs0) {
  if (cs0.empty()) return "";
  const base::ByteView text = cs0.subspan(1);
  if (cs0[0] == 16) return utf8_of(text, ByteOrder::big);
  if (cs0[0] != 8) return std::nullopt;
  std::string out;
  for (const std::uint8_t octet : text) append_utf8(out, octet);
  return out;
}

}  // namespace format::udf
