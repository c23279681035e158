// SPDX-License-Identifier: GPL-3.0-or-later
// Machines that boot from the network over and over: an installer that never lets go of the boot
// order, a system that dies as soon as it is up. (A chain that goes in circles before anything has
// booted is Attempts' business.)
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "session/recent_map.h"

namespace session {

struct BootCountTerms {
  std::size_t boots = 5;  // so many within the time are too many; 0: never
  base::Duration within = std::chrono::minutes(30);
  bool to_disk = false;  // they go on to their disks then, until so long after the last
  bool operator==(const BootCountTerms&) const = default;
};

// Not locked: the server shares it between its threads.
class BootCounts {
 public:
  static constexpr std::size_t capacity = 65536;
  static constexpr std::size_t most_told = 4096;  // machines of which it is known at a time
  static constexpr base::Duration longest = std::chrono::hours(24);  // that `within` may be

  explicit BootCounts(const BootCountTerms& terms = {}) : terms_(terms) {}
  void set_terms(const BootCountTerms& terms) { terms_ = terms; }
  [[nodiscard]] const BootCountTerms& terms() const { return terms_; }

  // A boot image was wholly fetched. True: with this one they are too many, which is to be told;
  // it is so once, until they cease.
  bool on_boot(const base::Mac& mac, base::Time now);
  [[nodiscard]] bool too_often(const base::Mac& mac, base::Time now) const;
  [[nodiscard]] std::vector<base::Mac> list(base::Time now) const;
  // An administrator has looked at it.
  void forget(const base::Mac& mac);

 private:
  BootCountTerms terms_;
  RecentMap<std::vector<base::Time>> boots_{capacity, longest};
  std::map<base::Mac, base::Time> too_often_;  // until when
};

}  // namespace session
