// SPDX-License-Identifier: GPL-3.0-or-later
// What would keep a referral from working, found when it is configured and not when a machine
// fails: no packet is involved.
#pragma once

#include <span>

#include "base/address.h"
#include "base/result.h"
#include "policy/snapshot.h"

namespace policy {

// One sentence that names the referral, the server and what to do. Refused are:
//   - shares that all weigh nothing, or two that lead to one address;
//   - a server that is this one (one of its `own` addresses), a circle of one, or no host at all;
//   - a server without a file, or with one that a machine could not use there: a program that asks
//     the DHCP server for its server (GRUB), one whose maker excludes it, or one for firmware of
//     which nobody saw that it goes to another server (Recipe::referral);
//   - an architecture that is deployed to the referral's own machines or collections and that no
//     server of it has a file for.
// A circle through other servers' records cannot be seen from here.
base::Status check_referral(const Referral& referral, const Snapshot& snapshot,
                            std::span<const base::Ipv4> own);

}  // namespace policy
