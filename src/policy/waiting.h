// SPDX-License-Identifier: GPL-3.0-or-later
// When more machines ask than can be fed at once: how each kind of firmware can be made to
// wait without giving up, in one table with the evidence for each row. As with recipes, a
// new quirk is a new row or column, never an `if` elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/time.h"
#include "policy/decide.h"

namespace policy {

enum class WaitsBy : std::uint8_t {
  offer,     // gets no OFFER until its turn comes: it asks again, and listens in between
  script,    // answered at once; its script waits and asks again
  transfer,  // cannot wait: answered at once, it shares the wire with the others
};
std::string_view print(WaitsBy by);  // "offer", "script", "transfer"

struct Waiting {
  ClientKind kind;
  WaitsBy by;
  // Waiting by OFFER only: a DISCOVER that comes so long after the first must be answered,
  // because it is the last one.
  base::Duration answered_from;
  // Likewise: how long it still takes an OFFER after a DISCOVER that was not answered.
  base::Duration listens_for;
  // Whether a DISCOVER's `secs` holds seconds: iPXE keeps flags there, some ROMs nothing.
  bool tells_seconds;
  // What was seen, where. «not seen live» when only packets or sources prove it.
  std::string_view evidence;
  bool seen_live;
};

std::span<const Waiting> waitings();
const Waiting& waiting_of(ClientKind kind);

// A machine is held back: what it, the log and the operator are told.
struct Hold {
  std::size_t loading = 0;                            // machines that are being fed
  std::size_t place = 0;                              // in the queue, from 1
  std::optional<base::IpNet> network = std::nullopt;  // whose bound it is, and whose machines these are
};
// «50 machines are loading; this one is number 3 in the queue», «5 machines of 10.1.0.0/16 …»
std::string explain(const Hold& hold);
// How often a waiting script asks again.
inline constexpr unsigned script_asks_every_seconds = 5;

}  // namespace policy
