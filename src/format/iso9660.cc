// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/iso9660.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/numbers_on_disk.h"
#include "format/rock_ridge.h"
#include "format/utf16.h"

namespace format {
namespace {

constexpr std::uint64_t sector = 2048;

// A volume descriptor: how its names are written and where its root is.
struct Volume {
  base::Bytes descriptor;
  std::uint64_t block = 0;  // octets
  DiscNames names = DiscNames::iso9660;
};

// The fields of a directory record (ECMA-119 §9.1). Numbers stand there in both orders.
struct Record {
  std::uint64_t block = 0;  // where its data begin
  std::uint64_t size = 0;
  bool is_directory = false;
  bool is_associated = false;
  bool continues = false;  // the next record is another piece of the same file
  bool interleaved = false;
  std::string_view name;
  base::ByteView system_use;
};

std::optional<Record> read_record(base::ByteView octets) {
  constexpr std::size_t name_at = 33;
  if (octets.size() < name_at + 1 || name_at + octets[32] > octets.size()) return std::nullopt;
  Record record;
  record.block = std::uint64_t{number_at<std::uint32_t>(octets, 2)} + octets[1];  // behind its attributes
  record.size = number_at<std::uint32_t>(octets, 10);
  record.is_directory = (octets[25] & 0x02) != 0;
  record.is_associated = (octets[25] & 0x04) != 0;
  record.continues = (octets[25] & 0x80) != 0;
  record.interleaved = octets[26] != 0 || octets[27] != 0;
  record.name = base::as_text(octets.subspan(name_at, octets[32]));
  const std::size_t behind = name_at + octets[32] + (octets[32] % 2 == 0 ? 1U : 0U);
  if (behind < octets.size()) record.system_use = octets.subspan(behind);
  return record;
}

bool is_self_or_parent(std::string_view name) { return name.size() == 1 && (name[0] == 0 || name[0] == 1); }

// «KERNEL.;1» is KERNEL.
std::string without_version(std::string name) {
  const std::size_t semicolon = name.rfind(';');
  if (semicolon != std::string::npos && semicolon > 0) name.resize(semicolon);
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  return name;
}

class IsoReader {
 public:
  IsoReader(DiscReader& disc, const Volume& volume) : disc_(disc), volume_(volume) {}

  base::Result<bool> has_rock_ridge() {
    const auto root = find_root();
    if (!root) return tl::unexpected(root.error());
    return rock_ridge_;
  }

  base::Result<DiscNames> read_tree() {
    const auto root = find_root();
    if (!root) return tl::unexpected(root.error());
    if (auto ok = enter("", root->block, root->size, 0); !ok) return tl::unexpected(ok.error());
    while (!directories_.empty()) {
      const Directory next = std::move(directories_.back());
      directories_.pop_back();
      if (auto ok = read_directory(next); !ok) return tl::unexpected(ok.error());
    }
    return rock_ridge_ ? DiscNames::rock_ridge : volume_.names;
  }

 private:
  struct Directory {
    std::string path;
    std::uint64_t block;
    std::uint64_t size;
    std::size_t level;
  };
  // A file whose pieces are records of their own.
  struct Pending {
    std::string path;
    std::uint64_t size = 0;
    std::vector<Extent> extents;
  };

  base::Result<Record> find_root() {
    const auto root = read_record(base::ByteView(volume_.descriptor).subspan(156, 34));
    if (!root || !root->is_directory) return base::fail("damaged: no root directory");
    if (auto ok = find_rock_ridge(*root); !ok) return tl::unexpected(ok.error());
    return *root;
  }

  base::Result<base::Bytes> read_block(std::uint64_t block, std::uint64_t offset, std::uint64_t size,
                                       std::string_view what) {
    return disc_.read(block * volume_.block + offset, size, what);
  }
  base::Result<RockRidge> fields_of(const Record& record) {
    const std::size_t skip = rock_ridge_ ? skip_ : 0;
    const base::ByteView fields =
        skip < record.system_use.size() ? record.system_use.subspan(skip) : base::ByteView();
    return read_rock_ridge(fields, [&](std::uint32_t block, std::uint32_t offset, std::uint32_t size) {
      return read_block(block, offset, size, "a Rock Ridge field");
    });
  }

  // The first record of a directory is its own; the root's tells whether there is Rock Ridge.
  base::Result<base::Bytes> own_record(std::uint64_t block) {
    auto octets = read_block(block, 0, 255, "a directory");
    if (!octets) return octets;
    if ((*octets)[0] < 34) return base::fail("damaged: a directory without a record of itself");
    octets->resize((*octets)[0]);
    return octets;
  }
  base::Status find_rock_ridge(const Record& root) {
    if (volume_.names == DiscNames::joliet) return {};
    const auto octets = own_record(root.block);
    if (!octets) return tl::unexpected(octets.error());
    const auto record = read_record(*octets);
    if (!record) return base::fail("damaged: a directory record that leaves its directory");
    const auto fields = fields_of(*record);
    if (!fields) return tl::unexpected(fields.error());
    rock_ridge_ = fields->is_susp && fields->present;
    skip_ = fields->skip;
    return {};
  }

  base::Status enter(std::string path, std::uint64_t block, std::uint64_t size, std::size_t level) {
    if (size > largest_disc_directory) return base::fail("damaged: a directory of {} octets", size);
    directories_.push_back({std::move(path), block, size, level});
    return {};
  }

  base::Status read_directory(const Directory& directory) {
    if (auto ok = disc_.enter_directory(directory.block, directory.level); !ok) return ok;
    const auto octets = read_block(directory.block, 0, directory.size, "a directory");
    if (!octets) return tl::unexpected(octets.error());
    std::optional<Pending> pending;
    const base::ByteView all(*octets);
    std::size_t at = 0;
    while (at < all.size()) {
      const std::size_t size = all[at];
      // A record never crosses sectors; zeros fill up to the next one.
      const std::size_t in_sector = std::min<std::size_t>(sector - at % sector, all.size() - at);
      if (size == 0) {
        at += in_sector;
        continue;
      }
      const auto record = size <= in_sector ? read_record(all.subspan(at, size)) : std::nullopt;
      if (!record) return base::fail("damaged: a directory record that leaves its directory");
      at += size;
      if (is_self_or_parent(record->name) || record->is_associated) continue;
      if (auto ok = disc_.count_entry(); !ok) return ok;
      if (auto ok = take(directory, *record, pending); !ok) return ok;
    }
    if (pending) return base::fail("damaged: a file of several pieces without its last one");
    return {};
  }

  std::string name_of(const Record& record, const RockRidge& fields) const {
    if (!fields.name.empty()) return fields.name;
    if (volume_.names == DiscNames::joliet) {
      return without_version(utf8_of(base::as_bytes(record.name), ByteOrder::big));
    }
    // Capitals are all that plain names can have; loader configurations say them small.
    std::string name = without_version(std::string(record.name));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
  }

  base::Status take(const Directory& directory, const Record& record, std::optional<Pending>& pending) {
    RockRidge fields;
    if (rock_ridge_) {
      auto read = fields_of(record);
      if (!read) return tl::unexpected(read.error());
      fields = std::move(*read);
    }
    if (fields.is_link || fields.is_relocated) return {};
    auto path = disc_.path(directory.path, name_of(record, fields));
    if (!path) return tl::unexpected(path.error());
    if (fields.directory) return enter_relocated(std::move(*path), *fields.directory, directory.level + 1);
    if (record.is_directory) {
      return enter(std::move(*path), record.block, record.size, directory.level + 1);
    }
    if (record.interleaved) return base::fail("interleaved files, which nobody makes any more");
    if (fields.is_compressed) return base::fail("compressed files (zisofs): unpack the image first");
    if (!pending) pending = Pending{*path, 0, {}};
    if (pending->path != *path) return base::fail("damaged: a file of several pieces without its last one");
    pending->size += record.size;
    pending->extents.push_back({record.block * volume_.block, record.size});
    if (record.continues) return {};
    auto whole = std::exchange(pending, std::nullopt);
    return disc_.add_file(std::move(whole->path), whole->size, whole->extents);
  }

  // Its size stands in its own record alone.
  base::Status enter_relocated(std::string path, std::uint32_t block, std::size_t level) {
    const auto octets = own_record(block);
    if (!octets) return tl::unexpected(octets.error());
    const auto record = read_record(*octets);
    if (!record || !record->is_directory) return base::fail("damaged: a moved directory that is not there");
    return enter(std::move(path), block, record->size, level);
  }

  DiscReader& disc_;
  const Volume& volume_;
  bool rock_ridge_ = false;
  std::size_t skip_ = 0;
  std::vector<Directory> directories_;  // still to be read
};

// The character set of a supplementary volume says that its names are Joliet's.
bool is_joliet(base::ByteView descriptor) {
  const std::string_view escape = base::as_text(descriptor.subspan(88, 3));
  return escape == "%/@" || escape == "%/C" || escape == "%/E";
}

std::string label_of(const Volume& volume) {
  const base::ByteView label = base::ByteView(volume.descriptor).subspan(40, 32);
  if (volume.names == DiscNames::joliet) return utf8_of(label, ByteOrder::big);
  return std::string(base::as_text(label));
}

struct Volumes {
  std::optional<Volume> primary;
  std::optional<Volume> joliet;
};

base::Result<Volumes> find_volumes(DiscReader& disc) {
  constexpr std::uint64_t first = 16;
  constexpr std::uint64_t most = 64;
  Volumes out;
  for (std::uint64_t i = first; i < first + most; ++i) {
    auto descriptor = disc.read(i * sector, sector, "a volume descriptor");
    if (!descriptor) return tl::unexpected(descriptor.error());
    constexpr std::uint8_t is_primary = 1;
    constexpr std::uint8_t is_supplementary = 2;
    constexpr std::uint8_t is_end = 255;
    const std::uint8_t kind = (*descriptor)[0];
    if (base::as_text(*descriptor).substr(1, 5) != "CD001" || kind == is_end) break;
    const std::uint64_t block = number_at<std::uint16_t>(*descriptor, 128);
    if (kind != is_primary && !(kind == is_supplementary && is_joliet(*descriptor))) continue;
    if (block != 512 && block != 1024 && block != 2048) {
      return base::fail("damaged: blocks of {} octets", block);
    }
    auto& volume = kind == is_primary ? out.primary : out.joliet;
    const DiscNames names = kind == is_primary ? DiscNames::iso9660 : DiscNames::joliet;
    if (!volume) volume = Volume{std::move(*descriptor), block, names};
  }
  return out;
}

}  // namespace

base::Result<Disc> read_iso9660(DiscReader& reader) {
  const auto volumes = find_volumes(reader);
  if (!volumes) return tl::unexpected(volumes.error());
  if (!volumes->primary) return base::fail("damaged: no primary volume descriptor");
  // Rock Ridge is what Linux media are made with; only without it are Joliet's names the
  // longer ones.
  const auto has_rock_ridge = IsoReader(reader, *volumes->primary).has_rock_ridge();
  if (!has_rock_ridge) return tl::unexpected(has_rock_ridge.error());
  const Volume& volume = volumes->joliet && !*has_rock_ridge ? *volumes->joliet : *volumes->primary;
  IsoReader tree(reader, volume);
  const auto names = tree.read_tree();
  if (!names) return tl::unexpected(names.error());
  return std::move(reader).finish(*names, label_of(volume));
}

}  // namespace format
