// SPDX-License-Identifier: GPL-3.0-or-later
// So many octets a second, shared fairly by whoever waits for them, from any thread.
//
//   RateLimit limit(12'500'000);
//   RateLimit::Turn turn;                          // one for each transfer or connection
//   const base::Time when = limit.ask(turn, octets, now);
//   when <= now: send them now, they are paid.    Later: ask again then, for the same.
//
// Nothing is reserved ahead. Who waits stands in a line, ordered by how much each has been
// given (start-time fair queueing: Goyal, Vin, Cheng 1996), so a machine in lock-step and one
// that asks for windows of 64 blocks get the same octets a second; the line as a whole is paced
// by the generic cell rate algorithm (ITU-T I.371). A turn that ends or cancels leaves nothing
// behind, and those behind it find out within `asks_every`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/time.h"

namespace session {

class RateLimit {
 public:
  // What has not been used may be made up for, this much of it.
  static constexpr base::Duration burst = std::chrono::milliseconds(10);
  // No answer to `ask` lies further ahead.
  static constexpr base::Duration asks_every = std::chrono::milliseconds(250);
  // Who does not come when told is waited for so long, then the others go first.
  static constexpr base::Duration grace = std::chrono::milliseconds(20);

  // A place in one limit's line. Used by one thread at a time; ends before its limit does.
  class Turn;

  explicit RateLimit(std::uint64_t octets_per_second) : octets_per_second_(octets_per_second) {}
  RateLimit(const RateLimit&) = delete;
  RateLimit& operator=(const RateLimit&) = delete;

  // Not after `now`: granted. Else when to ask again; asking earlier does no harm.
  base::Time ask(Turn& turn, std::size_t octets, base::Time now);
  // Granted octets that were not sent after all.
  void give_back(std::size_t octets);

  [[nodiscard]] std::uint64_t octets_per_second() const { return octets_per_second_; }
  [[nodiscard]] std::size_t waiting() const;

 private:
  using Share = std::uint64_t;  // octets, as if everybody had been there from the beginning
  using Waiting = std::multimap<Share, Turn*>;

  struct Ahead {
    std::uint64_t all = 0;  // octets of those before it in line
    std::uint64_t due = 0;  // of these, whose time it is
    bool near = false;      // it is one of the first, so that `all` is exact
  };
  void enter(Turn& turn, std::size_t octets);
  void leave(Turn& turn);
  [[nodiscard]] Ahead ahead_of(const Turn& turn, base::Time now) const;
  [[nodiscard]] base::Duration time_of(std::uint64_t octets) const;

  const std::uint64_t octets_per_second_;
  mutable std::mutex mutex_;  // held for a look at the first few in line
  base::Time free_at_{};      // everything granted has left by then
  Share served_ = 0;          // to each of those who wait, at least
  std::uint32_t spread_ = 0;
  Waiting waiting_;
};

class RateLimit::Turn {
 public:
  Turn() = default;
  ~Turn() { cancel(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // Leaves the line, if it stands there.
  void cancel();

 private:
  friend RateLimit;
  RateLimit* limit_ = nullptr;  // in whose line it stands
  Waiting::iterator place_;
  Waiting::node_type spare_;  // so that only the first wait allocates
  Share next_ = 0;            // where it stands next time, if not further back
  std::size_t octets_ = 0;
  base::Time told_{};  // to come then
};

}  // namespace session
