// SPDX-License-Identifier: GPL-3.0-or-later
// The view that packet threads hold, made from the records and from what is really on disk.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "content/published.h"
#include "policy/model.h"
#include "server/state_directory.h"
#include "store/store.h"

namespace server {

struct Records {
  std::vector<store::ImageRecord> images;
  std::vector<policy::Deployment> deployments;
  std::vector<policy::Program> programs;

  // «images/debian/3», «programs/arm64/1»: the directories that records name.
  [[nodiscard]] std::vector<std::string> directories() const;
};
base::Result<Records> read_records(store::Store& store);

policy::Snapshot make_snapshot(const policy::Settings& settings, const Records& records);

struct Publication {
  content::Published published;
  std::vector<std::string> problems;  // a sentence each: what is missing, and what to do
};
// Loaders of installed packages, the files of all records, and of `superseded` directories.
Publication publish(const StateDirectory& state, const Records& records,
                    const std::vector<std::string>& superseded);

// Directory of a boot program from its path in the published tree.
std::string program_directory(const policy::Program& program);

}  // namespace server
