// SPDX-License-Identifier: GPL-3.0-or-later
// A database copied while it is used.
#pragma once

#include <string>

#include "base/result.h"
#include "store/sqlite.h"

namespace store {

// One state of it in a new file, which belongs to whom the database belongs to, and is on the
// disk when this returns. Refuses a path where something stands; leaves nothing where it fails.
base::Status copy_database(Database& database, const std::string& path);

}  // namespace store
