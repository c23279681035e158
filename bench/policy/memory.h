// SPDX-License-Identifier: GPL-3.0-or-later
// What this process holds in memory, as the kernel counts it.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace bench {

// A line of /proc/self/status, in octets; 0 where it is not there.
inline std::size_t status_line(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == name + ":" && status >> kib) return kib * 1024;
  }
  return 0;
}

// Without what the allocator keeps for later.
inline std::size_t resident() {
  malloc_trim(0);
  return status_line("VmRSS");
}

// The most that was resident since forget_peak().
inline std::size_t peak() { return status_line("VmHWM"); }
inline void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

}  // namespace bench
