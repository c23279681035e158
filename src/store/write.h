// SPDX-License-Identifier: GPL-3.0-or-later
// Values -> rows. For sqlite_store.cc only.
#pragma once

#include "base/result.h"
#include "store/records.h"
#include "store/sqlite.h"

namespace store {

// A batch within the caller's transaction, which is to be undone when this refuses.
base::Result<Applied, Refused> write_batch(Database& database, const Batch& batch, std::int64_t now);

}  // namespace store
