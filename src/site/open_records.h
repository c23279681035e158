// SPDX-License-Identifier: GPL-3.0-or-later
// A site's records from its state directory; where the database cannot be read, from the copy
// that was kept of it.
#pragma once

#include <functional>
#include <memory>

#include "site/records.h"
#include "site/state_directory.h"
#include "site/store_health.h"

namespace site {

enum class Opening : std::uint8_t {
  to_change,  // a database that cannot be read is an error
  to_serve,   // the copy will do, read-only: machines must boot
};

// `health` hears how each change fared, and outlives the records; `changed` is called after each.
// Error: what is wrong with the database, and what to do.
base::Result<std::unique_ptr<SiteRecords>> open_records(const StateDirectory& state,
                                                        policy::Settings settings, Opening how,
                                                        StoreHealth& health, std::function<void()> changed);

}  // namespace site
