// SPDX-License-Identifier: GPL-3.0-or-later
// Runs on their way into the records: what decides (a mark on the device) and what people look at
// (the run itself). On a thread that may wait for a disk.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "policy/run.h"
#include "site/administration.h"

namespace site {

// The marks of those that are over come first: whoever sees a run done in the records sees its
// machine decided accordingly. Error: nothing, or only marks, were written; doing it again is right.
base::Status keep_runs(Administration& administration, std::span<const policy::Run> runs,
                       const std::optional<policy::BreakerMark>& breaker);

// Takes a device's marks off, of one deployment or with 0 of all, and what is kept of these runs.
base::Status drop_runs(Administration& administration, std::int64_t device, std::int64_t deployment,
                       const std::string& who);

}  // namespace site
