// SPDX-License-Identifier: GPL-3.0-or-later
// Timers in order of time, and of setting where times are equal. An indexed heap: a TFTP
// transfer moves its timer with every acknowledgement, so that cancelling must be cheap and
// must leave nothing behind.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace net {

using TimerId = std::uint64_t;  // 0 is never given out

class TimerQueue {
 public:
  TimerId add(base::Time when, std::function<void()> what);
  void cancel(TimerId timer);  // an expired or unknown id is fine

  [[nodiscard]] std::optional<base::Time> first() const;
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

  // Runs what is due at `now` and was set before this call: a timer that sets itself again
  // for now cannot keep the loop from its sockets.
  void run_due(base::Time now);

 private:
  struct Entry {
    base::Time when;
    std::uint64_t order;
    std::uint32_t slot;
    bool operator<(const Entry& other) const {
      return when != other.when ? when < other.when : order < other.order;
    }
  };
  struct Slot {
    std::function<void()> what;
    std::uint32_t generation = 0;  // part of the id: an old id never hits a slot's next user
    std::uint32_t position = 0;    // in heap_, while used
    bool used = false;
  };

  void put(std::size_t position, Entry entry);
  void sift_up(std::size_t position);
  void sift_down(std::size_t position);
  std::function<void()> remove(std::size_t position);

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
  std::optional<base::Time> running_at_;  // inside run_due()
};

}  // namespace net
