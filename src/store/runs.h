// SPDX-License-Identifier: GPL-3.0-or-later
// Runs in the tables. For sqlite_store.cc only.
#pragma once

#include <vector>

#include "store/sqlite.h"
#include "store/store.h"

namespace store {

base::Result<std::vector<policy::Run>> read_runs(Database& database, const RunQuery& query);
// Within the caller's transaction. Nothing where the device or the deployment is gone.
base::Status write_run(Database& database, const policy::Run& run);
base::Result<policy::BreakerMark> read_breaker(Database& database);
base::Status write_breaker(Database& database, const policy::BreakerMark& mark);

}  // namespace store
