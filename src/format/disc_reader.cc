// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/disc_reader.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace format {
namespace {

// Everything but the files' contents: the largest media have some ten megabytes of it.
constexpr std::uint64_t most_octets = std::uint64_t{1} << 30;
constexpr std::size_t most_path_octets = 64 * 1024 * 1024;

}  // namespace

base::Result<base::Bytes> DiscReader::read(std::uint64_t offset, std::uint64_t size, std::string_view what) {
  if (offset > source_.size || source_.size - offset < size) {
    return base::fail("the image is cut short: {} lies beyond its end", what);
  }
  if (size > most_octets - octets_) return base::fail("more directories than any real disc has");
  octets_ += size;
  base::Bytes out(static_cast<std::size_t>(size));
  if (auto ok = source_.read(offset, out); !ok) return tl::unexpected(ok.error());
  return out;
}

base::Result<std::string> DiscReader::path(std::string_view directory, std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos ||
      name.find('\0') != name.npos) {
    return base::fail("damaged: a file name that no file can have");
  }
  std::string out(directory);
  if (!out.empty()) out += '/';
  while (!name.empty()) {
    const std::size_t octets = base::printable_utf8(name);
    out += octets == 0 ? std::string_view("\xef\xbf\xbd") : name.substr(0, octets);
    name.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  if (out.size() > longest_disc_path) return base::fail("a path of over {} octets", longest_disc_path);
  path_octets_ += out.size();
  if (path_octets_ > most_path_octets) return base::fail("longer file names than any real disc has");
  return out;
}

base::Status DiscReader::count_entry() {
  if (++entries_ > most_disc_entries) return base::fail("over {} files", most_disc_entries);
  return {};
}

base::Status DiscReader::count_extents(std::size_t count) {
  extents_ += count;
  if (extents_ > most_disc_extents) return base::fail("over {} pieces of files", most_disc_extents);
  return {};
}

base::Status DiscReader::enter_directory(std::uint64_t place, std::size_t level) {
  if (level > most_disc_levels) return base::fail("directories nested over {} deep", most_disc_levels);
  trail_.resize(std::min(level, trail_.size()));
  if (std::find(trail_.begin(), trail_.end(), place) != trail_.end()) {
    return base::fail("damaged: directories in a circle");
  }
  trail_.push_back(place);
  return {};
}

base::Status DiscReader::add_file(std::string path, std::uint64_t size, const std::vector<Extent>& extents) {
  DiscFile file{std::move(path), size, {}};
  std::uint64_t rest = size;
  for (const Extent& extent : extents) {
    const std::uint64_t taken = std::min(extent.size, rest);
    if (taken == 0) continue;
    if (extent.offset > source_.size || source_.size - extent.offset < taken) {
      return base::fail("the image is cut short: {} lies beyond its end", base::one_line(file.path, 120));
    }
    rest -= taken;
    if (!file.extents.empty() && file.extents.back().offset + file.extents.back().size == extent.offset) {
      file.extents.back().size += taken;
      continue;
    }
    if (auto ok = count_extents(1); !ok) return ok;
    file.extents.push_back({extent.offset, taken});
  }
  if (rest != 0) {
    return base::fail("damaged: {} is larger than its pieces", base::one_line(file.path, 120));
  }
  disc_.files.push_back(std::move(file));
  return {};
}

Disc DiscReader::finish(DiscNames names, std::string_view label) && {
  disc_.names = names;
  disc_.label = base::one_line(label, 128);
  std::stable_sort(disc_.files.begin(), disc_.files.end(),
                   [](const DiscFile& a, const DiscFile& b) { return a.path < b.path; });
  return std::move(disc_);
}

}  // namespace format
