// SPDX-License-Identifier: GPL-3.0-or-later
// What is published: made from the records and from what is really on disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "content/published.h"
#include "site/records.h"
#include "site/state_directory.h"

namespace site {

struct Publication {
  content::Published published;
  std::vector<std::string> problems;        // a sentence each: what is missing, and what to do
  std::vector<std::int64_t> broken_images;  // that lack files
  std::vector<policy::WindowsFiles> windows;
};
// Loaders of installed packages, the files of programs and published images, and those of
// `superseded` directories.
Publication publish(const StateDirectory& state, const SiteRecords& records,
                    const std::vector<std::string>& superseded);

}  // namespace site
