// SPDX-License-Identifier: GPL-3.0-or-later
// A disc image as a fuzzer can keep it: the sectors that are not empty, each as u32 number, u16
// size (at most 2048), octets. All numbers little-endian; the image ends behind the last one.
#pragma once

#include <algorithm>
#include <map>

#include "format/disc.h"
#include "format/numbers_on_disk.h"

class DiscInput {
 public:
  static constexpr std::uint64_t sector = 2048;

  explicit DiscInput(base::ByteView input) {
    constexpr std::uint32_t sectors = 4096;
    constexpr std::size_t header = 6;
    while (input.size() > header) {
      const std::uint32_t number = format::number_at<std::uint32_t>(input, 0) % sectors;
      const std::size_t size =
          std::min<std::size_t>({format::number_at<std::uint16_t>(input, 4), sector, input.size() - header});
      const base::ByteView octets = input.subspan(header, size);
      base::Bytes& content = sectors_[number];
      content.assign(octets.begin(), octets.end());
      content.resize(sector);
      input = input.subspan(header + size);
    }
    const std::uint64_t end = sectors_.empty() ? 0 : sectors_.rbegin()->first + 1;
    source_.size = end * sector;
    source_.read = [this](std::uint64_t offset, std::span<std::uint8_t> out) -> base::Status {
      BOOTFERRY_CHECK(offset <= source_.size && out.size() <= source_.size - offset);
      while (!out.empty()) {
        const std::uint64_t within = offset % sector;
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(sector - within, out.size()));
        const auto found = sectors_.find(static_cast<std::uint32_t>(offset / sector));
        if (found == sectors_.end()) {
          std::fill_n(out.begin(), size, std::uint8_t{0});
        } else {
          std::copy_n(found->second.begin() + static_cast<std::ptrdiff_t>(within), size, out.begin());
        }
        out = out.subspan(size);
        offset += size;
      }
      return {};
    };
  }
  DiscInput(const DiscInput&) = delete;
  DiscInput& operator=(const DiscInput&) = delete;

  [[nodiscard]] const format::DiscSource& source() const { return source_; }
  std::map<std::uint32_t, base::Bytes>& sectors() { return sectors_; }

 private:
  std::map<std::uint32_t, base::Bytes> sectors_;
  format::DiscSource source_;
};

// What holds for every disc that is taken, and for every refusal.
inline void check_disc(const format::DiscSource& source, const base::Result<format::Disc>& disc) {
  if (!disc) {
    const std::string& what = disc.error().what;
    BOOTFERRY_CHECK(!what.empty() && what.size() < 300);
    BOOTFERRY_CHECK(what.find('\n') == what.npos);
    return;
  }
  BOOTFERRY_CHECK(disc->files.size() <= format::most_disc_entries);
  for (const format::DiscFile& file : disc->files) {
    const std::string wrapped = "/" + file.path + "/";
    BOOTFERRY_CHECK(file.path.size() <= format::longest_disc_path);
    BOOTFERRY_CHECK(wrapped.find("/../") == wrapped.npos && wrapped.find("/./") == wrapped.npos &&
                    wrapped.find("//") == wrapped.npos && wrapped.find('\0') == wrapped.npos);
    BOOTFERRY_CHECK(disc->find(file.path) != nullptr);
    std::uint64_t size = 0;
    for (const format::Extent& extent : file.extents) {
      BOOTFERRY_CHECK(extent.size > 0 && extent.offset <= source.size);
      BOOTFERRY_CHECK(extent.size <= source.size - extent.offset);
      size += extent.size;
    }
    BOOTFERRY_CHECK(size == file.size);
    const auto front = format::read_disc_file(source, file, 100);
    BOOTFERRY_CHECK(front && front->size() == std::min<std::uint64_t>(file.size, 100));
  }
}
