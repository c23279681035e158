// SPDX-License-Identifier: GPL-3.0-or-later
// How large a window each client's path has borne. RFC 7440 has no way to shrink a window
// under way (the client acknowledges when it is full), so what a transfer showed is used for
// the next one: a machine that boots fetches five files and more.
#pragma once

#include <cstdint>

#include "base/ip.h"
#include "base/time.h"
#include "session/recent_map.h"

namespace session {

class LossMemory {
 public:
  static constexpr std::uint16_t unlimited = UINT16_MAX;
  // What EDK2 asks for; fewer cost more round trips than they save.
  static constexpr std::uint16_t smallest = 4;
  static constexpr std::uint16_t largest_kept = 256;
  static constexpr base::Duration doubles_each = std::chrono::minutes(5);  // without a transfer

  explicit LossMemory(std::size_t capacity = 4096) : clients_(capacity, lifetime) {}

  // A transfer came to its end or was given up. `resent` as TftpSend counts it.
  void ended(const base::Ip& client, std::uint16_t windowsize, std::uint64_t blocks, std::uint64_t resent,
             base::Time now);
  // The largest windowsize to grant now.
  [[nodiscard]] std::uint16_t window_for(const base::Ip& client, base::Time now);

 private:
  struct Limit {
    std::uint16_t window = unlimited;
    base::Time since{};
  };
  static constexpr base::Duration lifetime = std::chrono::hours(1);

  RecentMap<Limit, IpKey> clients_;
};

}  // namespace session
