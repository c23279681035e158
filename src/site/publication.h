// SPDX-License-Identifier: GPL-3.0-or-later
// What is published: made from the records and from what is really on disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "content/library.h"
#include "content/published.h"
#include "site/records.h"
#include "site/state_directory.h"

namespace site {

// Names, and the package behind them; without a manifest: a directory of the old layout.
struct Version {
  std::string directory;  // «images/debian/3»
  std::string manifest;
};

struct Publication {
  content::Published published;
  std::vector<std::string> problems;             // a sentence each: what is missing, and what to do
  std::vector<std::int64_t> broken_images;       // that lack files
  std::map<std::int64_t, content::Usage> usage;  // of images; of other states, too
  std::map<std::int64_t, std::vector<std::string>> answers;  // their names, likewise
  std::vector<policy::WindowsFiles> windows;
};
// Loaders of installed packages, the files of programs and published images, and those of
// `superseded` versions. A published image's files have second names that do not change with its
// version, «images/debian/current/…». Answer files are there by the directory of their version, and
// are no names that anybody could ask for.
Publication publish(const StateDirectory& state, const content::Library& library, const SiteRecords& records,
                    const std::vector<Version>& superseded);

}  // namespace site
