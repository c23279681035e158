// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/large_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace server {
namespace {

constexpr std::size_t mb = 1U << 20U;

std::string smaps_entry(const std::string& head, std::size_t resident_mb, std::size_t huge_mb) {
  return head + "\nSize: 1 kB\nRss:          " + std::to_string(resident_mb << 10U) +
         " kB\nAnonHugePages:  " + std::to_string(huge_mb << 10U) + " kB\nVmFlags: rd wr mr mw me ac \n";
}

TEST(LargePages, OnlyLargeHeapOnSmallPagesIsTaken) {
  const std::string smaps =
      smaps_entry("55d000000000-55d004000000 rw-p 00000000 00:00 0                          [heap]", 60, 0) +
      smaps_entry("7f1000000000-7f1004000000 rw-p 00000000 00:00 0 ", 64, 63) +  // done already
      smaps_entry("7f2000000000-7f2004000000 rw-p 00000000 00:00 0 ", 64, 20) +
      smaps_entry("7f3000000000-7f3004000000 rw-p 00000000 00:00 0 ", 17, 0) +  // a quarter in use
      smaps_entry("7f4000000000-7f4000800000 rw-p 00000000 00:00 0 ", 8, 0) +   // small
      smaps_entry("7f5000000000-7f5004000000 rw-p 00000000 08:01 77   /usr/lib/x.so", 64, 0) +
      smaps_entry("7f6000000000-7f6004000000 r--p 00000000 00:00 0 ", 64, 0) +
      smaps_entry("7f7000000000-7f7004000000 rw-s 00000000 00:00 0 ", 64, 0) +
      smaps_entry("7ffc00000000-7ffc04000000 rw-p 00000000 00:00 0                          [stack]", 64, 0);
  const std::vector<MemoryRegion> wanted = {
      {0x55d000000000, 0x55d004000000, 60 * mb, 0},
      {0x7f2000000000, 0x7f2004000000, 64 * mb, 20 * mb},
  };
  EXPECT_EQ(regions_on_small_pages(smaps), wanted);
}

TEST(LargePages, TextThatIsNoMapHasNoRegions) {
  for (const char* text :
       {"", "\n\n", "Rss: 999999 kB\n", "zz-yy rw-p 0 0 0\nRss: 999999 kB\n", "-", "1-2"}) {
    EXPECT_TRUE(regions_on_small_pages(text).empty()) << text;
  }
}

TEST(LargePages, MemoryIsMovedAndKeepsWhatItHolds) {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::ostringstream setting;
  setting << file.rdbuf();
  if (setting.str().empty() || setting.str().find("[never]") != std::string::npos)
    GTEST_SKIP() << "this kernel has large pages switched off";
  const std::size_t size = 64 * mb;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, size, MADV_NOHUGEPAGE);  // where the kernel would make large ones by itself
  auto* const octets = static_cast<unsigned char*>(memory);
  for (std::size_t i = 0; i < size; i += 4096) octets[i] = static_cast<unsigned char>(i / 4096 % 251);
  const std::size_t moved = use_large_pages();
  for (std::size_t i = 0; i < size; i += 4096) ASSERT_EQ(octets[i], i / 4096 % 251);
  EXPECT_GE(moved, size / 2);
  EXPECT_EQ(use_large_pages(), 0U) << "nothing is left to do";
  munmap(memory, size);
}

}  // namespace
}  // namespace server
