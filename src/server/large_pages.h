// SPDX-License-Identifier: GPL-3.0-or-later
// A site of a million machines is 300 MB, of which each packet looks at a few places. With pages
// of 2 MB the processor finds them without reading its own tables for each; where the kernel
// does not make such pages by itself, it is asked to.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace server {

// Memory of this process that no file is behind, as /proc/self/smaps has it.
struct MemoryRegion {
  std::uintptr_t begin = 0, end = 0;
  std::size_t resident = 0, huge = 0;  // octets in memory, and those on large pages
  bool operator==(const MemoryRegion&) const = default;
};

// Those that are worth it: writable heap of 16 MB and more, most of it in memory, and a tenth or
// more of that on small pages. Stacks and files never are.
std::vector<MemoryRegion> regions_on_small_pages(std::string_view smaps);

// Once. How many octets were brought onto large pages; 0 also where the kernel refuses or the
// system has them switched off.
std::size_t use_large_pages();

// At once, and once a minute for what came meanwhile, in a thread of its own.
class LargePages {
 public:
  LargePages();
  ~LargePages();
  LargePages(const LargePages&) = delete;
  LargePages& operator=(const LargePages&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace server
