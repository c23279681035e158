// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pending_book.h"

#include <algorithm>

namespace session {

bool PendingBook::on_asked(const policy::Facts& facts, const policy::PendingTerms& terms, bool polls,
                           base::Time now, std::int64_t unix_seconds) {
  Entry& entry = by_mac_.touch(key_of(facts.mac), now);
  PendingSeen& seen = entry.seen;
  const bool first_time = seen.facts.mac.is_zero();
  if (first_time) seen.first = unix_seconds;
  if (first_time || facts.firmware_known || !seen.facts.firmware_known) seen.facts = facts;
  seen.last = unix_seconds;
  const auto patience = std::max<base::Duration>(silence, 3 * std::chrono::seconds(terms.poll_seconds));
  if (!polls || now - entry.asked > patience) seen.polls = 0;
  entry.asked = now;
  if (!polls) return true;
  const std::uint32_t most = std::max<std::uint32_t>(terms.polls, 1);
  seen.polls = std::min(seen.polls + 1, most + 1);
  return seen.polls <= most;
}

const PendingSeen* PendingBook::find(const base::Mac& mac, base::Time now) {
  const Entry* const entry = by_mac_.find(key_of(mac), now);
  return entry == nullptr ? nullptr : &entry->seen;
}

}  // namespace session
