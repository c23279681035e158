// SPDX-License-Identifier: GPL-3.0-or-later
// Which referrals a change of records concerns, and whether those would work.
#pragma once

#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "policy/snapshot.h"
#include "store/records.h"

namespace site {

// `after`: the site as the batch makes it, `ids` those of its steps. Only what the batch puts is
// looked at: a referral that has been wrong for long keeps nobody from doing something else.
base::Status check_referrals(const policy::Snapshot& after, const store::Batch& batch,
                             const std::vector<std::int64_t>& ids, const std::vector<base::Ipv4>& own);
bool concerns_referrals(const store::Batch& batch);

// The IPv4 addresses of this machine, whichever interface they are on.
std::vector<base::Ipv4> own_addresses();

}  // namespace site
