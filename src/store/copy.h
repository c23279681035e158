// SPDX-License-Identifier: GPL-3.0-or-later
// A database copied while it is used.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/sqlite.h"

namespace store {

// One state of it in a new file, which belongs to whom the database belongs to, and is on the
// disk when this returns. Refuses a path where something stands; leaves nothing where it fails.
base::Status copy_database(Database& database, const std::string& path);

// The same of the database at `from`, through a connection of its own, looked through for damage
// and then put in the place of `to`: what stood there before stays until then, and where it fails.
// For another thread than the one that writes.
base::Status keep_copy(const std::string& from, const std::string& to);

// The revision that a database, or a copy of one, is at; an error where it cannot be told.
base::Result<std::int64_t> revision_at(const std::string& path);

}  // namespace store
