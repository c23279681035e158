// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/large_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace server {
namespace {

constexpr std::size_t page = 2U << 20U;
constexpr std::size_t least = 16U << 20U;
constexpr auto pause = std::chrono::minutes(1);
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1
#endif

std::string read_file(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string_view next_word(std::string_view& line) {
  const std::size_t from = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(from);
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// «7f10a0000000-7f10a4000000 rw-p 00000000 00:00 0 [heap]»: nothing for a line of values, and an
// empty region for memory that does not count.
std::optional<MemoryRegion> parse_head(std::string_view line) {
  std::string_view rest = line;
  const std::string_view range = next_word(rest);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = number(range.substr(0, dash), 16), end = number(range.substr(dash + 1), 16);
  if (!begin || !end) return std::nullopt;
  const std::string_view rights = next_word(rest);
  for (int skipped = 0; skipped < 3; ++skipped) next_word(rest);  // offset, device, inode
  const std::string_view name = next_word(rest);
  if (rights != "rw-p" || !(name.empty() || name == "[heap]")) return MemoryRegion{};
  return MemoryRegion{*begin, *end};
}

// «Rss:   1234 kB»
std::size_t kilobytes(std::string_view line) {
  next_word(line);
  return number(next_word(line), 10).value_or(0) << 10U;
}

bool is_worth_it(const MemoryRegion& region) {
  return region.begin < region.end && region.resident >= least &&
         region.resident >= (region.end - region.begin) / 2 &&
         region.huge < region.resident - region.resident / 10;
}

}  // namespace

std::vector<MemoryRegion> regions_on_small_pages(std::string_view smaps) {
  std::vector<MemoryRegion> regions;
  MemoryRegion region;
  const auto finish = [&] {
    if (is_worth_it(region)) regions.push_back(region);
  };
  while (!smaps.empty()) {
    const std::string_view line = smaps.substr(0, smaps.find('\n'));
    smaps.remove_prefix(std::min(line.size() + 1, smaps.size()));
    if (const auto head = parse_head(line)) {
      finish();
      region = *head;
    } else if (line.starts_with("Rss:")) {
      region.resident = kilobytes(line);
    } else if (line.starts_with("AnonHugePages:")) {
      region.huge = kilobytes(line);
    }
  }
  finish();
  return regions;
}

std::size_t use_large_pages() {
  const std::string setting = read_file("/sys/kernel/mm/transparent_hugepage/enabled");
  if (setting.empty() || setting.find("[never]") != std::string::npos) return 0;
  std::size_t done = 0;
  for (const MemoryRegion& region : regions_on_small_pages(read_file("/proc/self/smaps"))) {
    const std::uintptr_t begin = (region.begin + page - 1) / page * page, end = region.end / page * page;
    // What grows into it later is then born on large pages.
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
    // One by one: a range stops at the first that cannot be moved.
    for (std::uintptr_t at = begin; at < end; at += page) {
      if (madvise(reinterpret_cast<void*>(at), page, MADV_COLLAPSE) == 0) done += page;
    }
  }
  return done;
}

LargePages::LargePages()
    : thread_([this] {
        // Of the usual priority: while a page is moved, whoever needs another one waits.
        std::unique_lock lock(mutex_);
        while (!stopping_) {
          lock.unlock();
          use_large_pages();
          lock.lock();
          woken_.wait_for(lock, pause, [this] { return stopping_; });
        }
      }) {}

LargePages::~LargePages() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

}  // namespace server
