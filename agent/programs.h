// SPDX-License-Identifier: GPL-3.0-or-later
// Other programs, which all are busybox.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace agent {

// «busybox udhcpc -i eth0»: its process, or -1. What it writes is dropped.
pid_t start_busybox(const std::vector<std::string>& arguments);
// The same, to its end; true: it ended with 0.
bool run_busybox(const std::vector<std::string>& arguments);
// Whether a process has ended, without waiting for it.
bool has_ended(pid_t process);

}  // namespace agent
