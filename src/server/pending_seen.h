// SPDX-License-Identifier: GPL-3.0-or-later
// What was seen of machines that wait, as the management API shows it.
#pragma once

#include <cstdint>
#include <map>

#include "api/json.h"
#include "policy/snapshot.h"

namespace site {
class PendingMachines;
}

namespace server {

// By the number that the machine shows: first_seen, last_seen, and as far as it is known arch,
// firmware, network and vendor_class. Any thread but packet threads: it walks through all devices.
std::map<std::uint32_t, api::Json> seen_of(site::PendingMachines& pending, const policy::Snapshot& snapshot);

}  // namespace server
