// SPDX-License-Identifier: GPL-3.0-or-later
// Which server of a referral a machine is sent to, and for which file.
#pragma once

#include <optional>
#include <string_view>

#include "policy/facts.h"
#include "policy/snapshot.h"

namespace policy {

struct ServerPlace {  // lives in the snapshot
  const BootServer* server = nullptr;
  std::string_view file;
  bool answers = true;  // false: none of those that could serve it answers its probes
};
// By the machine's address and the weights, so that it meets the same server each time, and moves
// only when that server dies or comes back. Where all that could serve it are dead it is sent to
// one of them all the same: a probe is what we see from here, and the worst that happens is a
// time-out after which the machine goes on to its disk. Nothing where no server has a program for
// its architecture, or its firmware cannot be sent elsewhere (Recipe::referral).
std::optional<ServerPlace> place_at_server(const Referral& referral, const Facts& facts,
                                           const Snapshot& snapshot);

}  // namespace policy
