// SPDX-License-Identifier: GPL-3.0-or-later
// Rows -> values. For sqlite_store.cc only.
#pragma once

#include "base/result.h"
#include "store/records.h"
#include "store/sqlite.h"

namespace store {

// Within the caller's transaction, else another program's change may fall in between.
base::Result<Everything> read_everything(Database& database);

}  // namespace store
