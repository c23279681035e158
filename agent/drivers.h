// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers for what the kernel finds: each device names itself (its modalias), and busybox's
// modprobe knows the modules that serve such a name. Again and again, as a bus that got its
// driver shows more devices.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace agent {

class Drivers {
 public:
  // Loads what serves devices of a kind that was not there before. Whether anything changed since
  // the last call, the second of two disks that are alike included.
  bool load_new();

 private:
  std::set<std::string> tried_;
  std::size_t devices_ = 0;
};

// All devices' names below a folder of /sys/devices.
std::vector<std::string> modaliases(const std::string& folder);

}  // namespace agent
