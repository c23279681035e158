// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of the database in place of a stopped server's own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace site {

struct Restored {
  std::string before;                 // where the database that was there is kept; empty: there was none
  std::vector<std::string> problems;  // what it names and is not there: images' files
};
// Takes the state directory, which no server may have. The file is read, copied and checked
// whole (its mark, SQLite's own check, every record) before anything changes; a schema of an
// older Bootferry is brought up to date in the copy.
base::Result<Restored> restore(const std::string& state_directory, const std::string& file);

}  // namespace site
