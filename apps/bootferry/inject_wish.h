// SPDX-License-Identifier: GPL-3.0-or-later
// What `image inject` was told to put into an image, from this machine's folders and files.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bootimage/inject_plan.h"

namespace cli {

struct InjectArguments {
  std::vector<std::string> drivers;  // folders
  std::vector<std::string> files;    // SOURCE=DESTINATION
  std::string start;
};

base::Result<bootimage::InjectWish> read_inject_wish(const InjectArguments& typed);
std::uint64_t octets_of(const bootimage::InjectWish& wish);

}  // namespace cli
