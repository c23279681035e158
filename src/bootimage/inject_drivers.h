// SPDX-License-Identifier: GPL-3.0-or-later
// Windows' drivers as they lie in a folder: which devices they would serve in an image, and what
// speaks against them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "format/inf.h"
#include "policy/arch.h"

namespace bootimage {

struct InjectSource {
  std::string name;        // relative to its folder, with slashes
  std::uint64_t size = 0;  // octets
  std::function<base::Result<base::Fd>()> open;
};

struct DriverInf {
  std::string name;  // as its source's
  format::Inf inf;
};

struct DriverFolder {
  std::string name;                 // the folder's own
  std::vector<InjectSource> files;  // all of it
  std::vector<DriverInf> infs;
};

bool is_inf_name(std::string_view name);
// Reads the .inf files among `files`. Refused where there is none that describes a driver.
base::Result<DriverFolder> read_driver_folder(std::string name, std::vector<InjectSource> files);

// Devices that its drivers serve on that processor, each once.
std::vector<std::string> served_devices(const DriverFolder& folder, policy::Arch arch);
// Sentences for people, none of which stops anything.
std::vector<std::string> driver_warnings(const DriverFolder& folder, policy::Arch arch);

}  // namespace bootimage
