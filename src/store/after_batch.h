// SPDX-License-Identifier: GPL-3.0-or-later
// What a batch makes of a site in memory: for real, beside what the store keeps, or imagined.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/records.h"

namespace store {

struct AfterBatch {
  policy::Snapshot snapshot;                       // shares what did not change
  std::optional<std::vector<ImageRecord>> images;  // nothing: as before
};
// `ids`: of each step, in order, the record's number, as Applied has them. Refuses what contradicts
// itself (a circle of collections); all else the store has looked at, or nobody has.
base::Result<AfterBatch> after_batch(const policy::Snapshot& before, const std::vector<ImageRecord>& images,
                                     const Batch& batch, std::span<const std::int64_t> ids);

// As it would be: new records get numbers behind all that there are.
base::Result<policy::Snapshot> imagine(const policy::Snapshot& before, const Batch& batch);

}  // namespace store
