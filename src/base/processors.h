// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sched.h>

namespace base {

// Processors that this process may use, at least 1: fewer than the machine has in a container
// or under taskset, where more threads would only stand in each other's way.
inline unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count > 0 ? static_cast<unsigned>(count) : 1;
}

}  // namespace base
