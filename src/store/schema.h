// SPDX-License-Identifier: GPL-3.0-or-later
// The schema as numbered steps. A step that was released is never edited: its checksum stands
// in every database that took it. A change is a new step at the end of migrations.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite.h"

namespace store {

struct Migration {
  std::int64_t version;
  std::string_view name;
  std::string_view sql;
};
std::span<const Migration> migrations();

std::string checksum(std::string_view sql);

// Brings a database to the last of `steps`, whole or not at all; an older one is copied first,
// to «bootferry.db.schema-1» by the number it had. Refuses one that is of a
// newer Bootferry, of another program, or was migrated by other steps than these.
base::Status migrate(Database& database, std::span<const Migration> steps);
// Whether migrate() has nothing to do. Changes nothing.
bool is_current(Database& database, std::span<const Migration> steps);

}  // namespace store
