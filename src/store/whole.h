// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a file is a database of ours, and whole.
#pragma once

#include <string>

#include "base/result.h"

namespace store {

// Its mark, SQLite's own check, and each record. A copy that may be written to is needed: an
// older schema is brought up to date in it. The error says what is wrong, without the path.
base::Status check_whole(const std::string& path);

}  // namespace store
