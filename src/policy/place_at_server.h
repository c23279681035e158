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
};
// By the machine's address and the weights, so that it meets the same server each time. Nothing
// where no server is alive and has a program for its architecture.
std::optional<ServerPlace> place_at_server(const Referral& referral, const Facts& facts,
                                           const Snapshot& snapshot);

}  // namespace policy
