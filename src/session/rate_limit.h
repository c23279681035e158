// SPDX-License-Identifier: GPL-3.0-or-later
// So many octets a second, shared by threads without a lock. Whoever wants to send reserves
// and is told when: first come, first served, and nobody asks twice. (The generic cell rate
// algorithm, ITU-T I.371, with its theoretical arrival time as the only state.)
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace session {

class RateLimit {
 public:
  // What has not been used may be made up for, this much of it.
  static constexpr base::Duration burst = std::chrono::milliseconds(5);

  explicit RateLimit(std::uint64_t octets_per_second) : octets_per_second_(octets_per_second) {}

  // When these may leave: at once where that is not after `now`.
  base::Time reserve(std::size_t octets, base::Time now) {
    const auto cost = static_cast<std::int64_t>(octets * 1'000'000'000 / octets_per_second_);
    const std::int64_t earliest = nanoseconds(now - burst);
    std::int64_t next = next_.load(std::memory_order_relaxed);
    while (!next_.compare_exchange_weak(next, std::max(next, earliest) + cost, std::memory_order_relaxed)) {
    }
    return base::Time(std::chrono::nanoseconds(std::max(next, earliest)));
  }
  [[nodiscard]] std::uint64_t octets_per_second() const { return octets_per_second_; }

 private:
  static std::int64_t nanoseconds(base::Time time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  }

  std::uint64_t octets_per_second_;
  std::atomic<std::int64_t> next_ = INT64_MIN / 2;
};

}  // namespace session
