// SPDX-License-Identifier: GPL-3.0-or-later
// Files that go to the server open, beside a request that describes them.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "site.h"

namespace cli {

struct NamedFile {
  std::string name;  // relative
  base::Fd fd;
};

// POST `record`, with their names as its "files" and "answers", to `path`, and waits for what becomes
// of it.
Got<Json> upload(Site& site, const std::string& path, Json record, std::vector<NamedFile> files,
                 const std::string& what, const Common& common, std::vector<NamedFile> answers = {});

}  // namespace cli
