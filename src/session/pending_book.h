// SPDX-License-Identifier: GPL-3.0-or-later
// What is seen of machines that wait for an administrator: in memory, bounded, since the start of
// the server. Their records are in the store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "policy/facts.h"
#include "policy/network.h"
#include "session/recent_map.h"

namespace session {

struct PendingSeen {
  policy::Facts facts;               // as its firmware told them, if it has spoken
  std::int64_t first = 0, last = 0;  // Unix seconds
  std::uint32_t polls = 0;           // by what waits on it, in this boot
};

// Not locked.
class PendingBook {
 public:
  static constexpr std::size_t default_capacity = 4096;
  static constexpr base::Duration remembered = std::chrono::hours(7 * 24);
  // Who was silent for so long, and longer than three of its own intervals, has been switched off
  // meanwhile: it begins to wait anew, also where its ROM is not heard (we answer no DHCP).
  static constexpr base::Duration silence = std::chrono::minutes(2);

  explicit PendingBook(std::size_t capacity = default_capacity) : by_mac_(capacity, remembered) {}

  // It asks: `polls`, by a program that waits, again; else by its ROM, at the beginning of a boot.
  // False: it has asked as often in this boot as `terms` say.
  bool on_asked(const policy::Facts& facts, const policy::PendingTerms& terms, bool polls, base::Time now,
                std::int64_t unix_seconds);
  // nullptr: not seen. Until the next on_asked().
  [[nodiscard]] const PendingSeen* find(const base::Mac& mac, base::Time now);
  [[nodiscard]] std::size_t size() const { return by_mac_.size(); }

 private:
  struct Entry {
    PendingSeen seen;
    base::Time asked;
  };
  RecentMap<Entry> by_mac_;
};

}  // namespace session
