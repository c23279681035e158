// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/udf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/numbers_on_disk.h"
#include "format/udf_descriptors.h"

namespace format {
namespace {

using udf::Allocation;
using udf::FileEntry;
using udf::Place;
using udf::Recorded;

constexpr std::uint8_t is_directory = 4;
constexpr std::uint8_t is_file = 5;

// What the volume descriptors say.
struct Volume {
  std::uint64_t block = 0;                // octets
  std::vector<std::uint32_t> partitions;  // where each of the maps begins, in blocks
  Place file_set;
  std::string label;
};

struct Sequence {
  std::uint32_t size = 0;  // octets
  std::uint32_t block = 0;
};

class VolumeFinder {
 public:
  explicit VolumeFinder(DiscReader& disc) : disc_(disc) {}

  // Anchors stand in two of block 256, the last and the 256th before it; how large blocks are,
  // only they tell.
  base::Result<Volume> find() {
    std::string why = "damaged: no anchor of the UDF volume";
    for (const std::uint64_t block : {2048U, 512U, 1024U, 4096U}) {
      const std::uint64_t last = disc_.size() / block - 1;
      if (last < 256) continue;
      for (const std::uint64_t at : {std::uint64_t{256}, last, last - 256}) {
        const auto octets = disc_.read(at * block, block, "an anchor");
        if (!octets) return tl::unexpected(octets.error());
        if (udf::read_tag(*octets) != udf::anchor) continue;
        // Two copies of the same: the second is for when the first is damaged.
        for (const std::size_t field : {16U, 24U}) {
          const Sequence sequence{number_at<std::uint32_t>(*octets, field),
                                  number_at<std::uint32_t>(*octets, field + 4)};
          const auto found = read_sequence(sequence, block);
          if (found) return volume_of(*found);
          why = found.error().what;
        }
      }
    }
    return base::fail("{}", why);
  }

 private:
  // The descriptors that count, of all in a sequence.
  struct Found {
    base::Bytes descriptor;  // of the logical volume, which points into it
    udf::LogicalVolume logical;
    std::map<std::uint16_t, udf::Partition> partitions;
  };

  base::Result<Found> read_sequence(const Sequence& sequence, std::uint64_t block) {
    constexpr std::uint64_t most = 256;  // descriptors
    Found out;
    for (std::uint64_t i = 0; i < std::min(sequence.size / block, most); ++i) {
      auto octets = disc_.read((sequence.block + i) * block, block, "a UDF volume descriptor");
      if (!octets) return tl::unexpected(octets.error());
      const auto identifier = udf::read_tag(*octets);
      if (identifier == udf::terminating) break;
      if (identifier == udf::volume_pointer) {
        return base::fail("a UDF volume described in several places, which this server does not read");
      }
      if (const auto found = udf::read_partition(*octets)) {
        auto& known = out.partitions[found->number];
        if (found->sequence >= known.sequence) known = *found;
      } else if (const auto volume = udf::read_logical_volume(*octets)) {
        if (volume->sequence < out.logical.sequence) continue;
        out.descriptor = std::move(*octets);
        out.logical = *udf::read_logical_volume(out.descriptor);
      }
    }
    if (out.descriptor.empty()) return base::fail("damaged: no logical volume in the UDF");
    if (out.logical.block_size != block) {
      return base::fail("damaged: UDF blocks of {} octets, anchored at {}", out.logical.block_size, block);
    }
    return out;
  }

  static base::Result<Volume> volume_of(const Found& found) {
    Volume volume{found.logical.block_size, {}, found.logical.file_set, found.logical.label};
    for (const udf::PartitionMap& map : found.logical.maps) {
      if (!map.kind.empty()) return refuse(map.kind);
      const auto partition = found.partitions.find(map.partition);
      if (partition == found.partitions.end())
        return base::fail("damaged: a UDF partition that is not there");
      volume.partitions.push_back(partition->second.start);
    }
    return volume;
  }

  static tl::unexpected<base::Error> refuse(std::string_view kind) {
    constexpr std::string_view does_not = "which this server does not read: copy its files out and add them";
    if (kind.starts_with("*UDF Metadata Partition")) {
      return base::fail("UDF 2.50 or later, with a metadata partition, {}", does_not);
    }
    if (kind.starts_with("*UDF Virtual Partition")) {
      return base::fail("UDF written in packets, with a virtual partition, {}", does_not);
    }
    if (kind.starts_with("*UDF Sparable Partition")) {
      return base::fail("UDF with a sparable partition, {}", does_not);
    }
    return base::fail("UDF with a partition of a kind {}", does_not);
  }

  DiscReader& disc_;
};

class UdfReader {
 public:
  UdfReader(DiscReader& disc, const Volume& volume) : disc_(disc), volume_(volume) {}

  base::Status read_tree() {
    const auto set = read_block(volume_.file_set, "the UDF file set");
    if (!set) return tl::unexpected(set.error());
    if (udf::read_tag(*set) != udf::file_set) return base::fail("damaged: no file set in the UDF");
    const Place root = udf::read_long(base::ByteView(*set).subspan(400, 16)).place;
    if (auto ok = take("", root, 0); !ok) return ok;
    if (directories_.empty()) return base::fail("damaged: no root directory");
    while (!directories_.empty()) {
      const Directory next = std::move(directories_.back());
      directories_.pop_back();
      if (auto ok = read_directory(next); !ok) return ok;
    }
    return {};
  }

 private:
  struct Directory {
    std::string path;
    std::uint64_t entry;  // where it is in the image
    std::vector<Extent> extents;
    std::uint64_t size;
    std::size_t level;
  };

  base::Result<std::uint64_t> offset_of(const Place& place) const {
    if (place.reference >= volume_.partitions.size()) {
      return base::fail("damaged: a UDF partition that is not there");
    }
    const std::uint64_t start = volume_.partitions[place.reference];
    return (start + place.block) * volume_.block;
  }
  base::Result<base::Bytes> read_block(const Place& place, std::string_view what) {
    const auto offset = offset_of(place);
    if (!offset) return tl::unexpected(offset.error());
    return disc_.read(*offset, volume_.block, what);
  }

  // A file, or a directory for later.
  base::Status take(std::string path, const Place& place, std::size_t level) {
    if (auto ok = disc_.count_entry(); !ok) return ok;
    const auto block = read_block(place, "a UDF file entry");
    if (!block) return tl::unexpected(block.error());
    const auto entry = udf::read_file_entry(*block);
    if (!entry) return base::fail("damaged: what should be a UDF file entry is none");
    if (entry->type != is_directory && entry->type != is_file) return {};
    constexpr std::uint16_t one_entry_a_file = 4;
    if (entry->strategy != one_entry_a_file) {
      return base::fail("UDF for write-once discs (ICB strategy {}), which this server does not read",
                        entry->strategy);
    }
    auto extents = extents_of(*entry, *block, place);
    if (!extents) return tl::unexpected(extents.error());
    if (entry->type == is_file) return disc_.add_file(std::move(path), entry->size, *extents);
    if (entry->size > largest_disc_directory) {
      return base::fail("damaged: a directory of {} octets", entry->size);
    }
    if (auto ok = disc_.count_extents(extents->size()); !ok) return ok;
    const auto offset = offset_of(place);
    if (!offset) return tl::unexpected(offset.error());
    directories_.push_back({std::move(path), *offset, std::move(*extents), entry->size, level});
    return {};
  }

  base::Result<std::vector<Extent>> extents_of(const FileEntry& entry, base::ByteView block,
                                               const Place& place) {
    constexpr std::uint8_t short_ones = 0;
    constexpr std::uint8_t long_ones = 1;
    constexpr std::uint8_t in_the_entry = 3;
    const base::ByteView allocations = block.subspan(entry.allocations_at, entry.allocations_size);
    std::vector<Extent> out;
    if (entry.allocation_kind == in_the_entry) {
      const auto offset = offset_of(place);
      if (!offset) return tl::unexpected(offset.error());
      out.push_back({*offset + entry.allocations_at, entry.allocations_size});
      return out;
    }
    if (entry.allocation_kind != short_ones && entry.allocation_kind != long_ones) {
      return base::fail("damaged: UDF allocations of an unknown kind");
    }
    const bool is_long = entry.allocation_kind == long_ones;
    if (auto ok = add_extents(allocations, is_long, place.reference, out); !ok) {
      return tl::unexpected(ok.error());
    }
    return out;
  }

  // Each list may end in a reference to a block with more.
  base::Status add_extents(base::ByteView list, bool is_long, std::uint16_t reference,
                           std::vector<Extent>& out) {
    constexpr std::size_t most_blocks = 10'000;
    const std::size_t each = is_long ? 16 : 8;
    base::Bytes block;
    for (std::size_t blocks = 0; list.size() >= each;) {
      const Allocation next = is_long ? udf::read_long(list) : udf::read_short(list, reference);
      list = list.subspan(each);
      if (next.size == 0) break;
      if (next.recorded == Recorded::continued) {
        if (++blocks > most_blocks) return base::fail("damaged: UDF allocations without end");
        auto more = read_block(next.place, "a UDF allocation");
        if (!more) return tl::unexpected(more.error());
        block = std::move(*more);
        constexpr std::size_t header = 24;
        const std::size_t size = number_at<std::uint32_t>(block, 20);
        if (udf::read_tag(block) != udf::allocation_extent || size > block.size() - header) {
          return base::fail("damaged: what should be a UDF allocation is none");
        }
        list = base::ByteView(block).subspan(header, size);
        continue;
      }
      if (next.recorded != Recorded::yes) return base::fail("files with holes, which no boot media have");
      const auto offset = offset_of(next.place);
      if (!offset) return tl::unexpected(offset.error());
      out.push_back({*offset, next.size});
      if (out.size() > most_disc_extents) return base::fail("damaged: UDF allocations without end");
    }
    return {};
  }

  base::Status read_directory(const Directory& directory) {
    if (auto ok = disc_.enter_directory(directory.entry, directory.level); !ok) return ok;
    base::Bytes octets;
    for (const Extent& extent : directory.extents) {
      const std::uint64_t size = std::min<std::uint64_t>(extent.size, directory.size - octets.size());
      const auto piece = disc_.read(extent.offset, size, "a directory");
      if (!piece) return tl::unexpected(piece.error());
      octets.insert(octets.end(), piece->begin(), piece->end());
    }
    if (octets.size() < directory.size) return base::fail("damaged: a directory larger than its pieces");
    base::ByteView rest(octets);
    while (!rest.empty()) {
      const auto identifier = udf::read_file_identifier(rest);
      if (!identifier) return base::fail("damaged: what should be a UDF file name is none");
      rest = rest.subspan(identifier->size);
      if (identifier->deleted || identifier->is_parent) continue;
      auto path = disc_.path(directory.path, identifier->name);
      if (!path) return tl::unexpected(path.error());
      if (auto ok = take(std::move(*path), identifier->entry, directory.level + 1); !ok) return ok;
    }
    return {};
  }

  DiscReader& disc_;
  const Volume& volume_;
  std::vector<Directory> directories_;  // still to be read
};

}  // namespace

base::Result<Disc> read_udf(DiscReader& reader) {
  const auto volume = VolumeFinder(reader).find();
  if (!volume) return tl::unexpected(volume.error());
  UdfReader tree(reader, *volume);
  if (auto ok = tree.read_tree(); !ok) return tl::unexpected(ok.error());
  return std::move(reader).finish(DiscNames::udf, volume->label);
}

}  // namespace format
