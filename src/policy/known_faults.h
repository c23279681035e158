// SPDX-License-Identifier: GPL-3.0-or-later
// What hardware makers are known to get wrong about identity, in one table each. Settings add
// to both.
#pragma once

#include <vector>

#include "base/address.h"
#include "policy/mac_list.h"

namespace policy {

// Machine UUIDs found on whole series of boards (zeros and ones are Uuid::is_blank()).
std::vector<base::Uuid> known_duplicate_uuids();
// Makers' prefixes of docks and USB network adapters, that are lent from machine to machine.
std::vector<MacPrefix> known_wandering_macs();

}  // namespace policy
