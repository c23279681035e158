// SPDX-License-Identifier: GPL-3.0-or-later
// The generator's own epoll loop: virtual calls instead of std::function, timers that cost
// nothing to move later. Clients have to be much cheaper than the servers they measure.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/fd.h"

namespace bench {

using Nanos = std::int64_t;
inline constexpr Nanos never = std::numeric_limits<Nanos>::max();
inline constexpr Nanos millisecond = 1'000'000, second = 1'000'000'000;
Nanos read_clock();
constexpr double to_seconds(Nanos time) { return static_cast<double>(time) / 1e9; }
inline Nanos from_seconds(double time) { return static_cast<Nanos>(time * 1e9); }

class Actor;

// Embedded in its owner, which must outlive the poller's last turn.
struct Timer {
  Actor* owner = nullptr;
  Nanos deadline = never;
  Nanos queued =
      never;  // the live entry in the heap; an earlier one than the deadline is moved when it comes
};

class Actor {
 public:
  virtual ~Actor() = default;
  virtual void ready(std::uint32_t events, Nanos now) = 0;
  virtual void expired(Timer& timer, Nanos now) = 0;
};

class Poller {
 public:
  Poller();
  void add(int fd, Actor& actor, std::uint32_t events);
  void change(int fd, Actor& actor, std::uint32_t events);
  void remove(int fd);
  void set(Timer& timer, Nanos when);  // never: off
  // One wake-up, at the latest at `until`. Returns the time after it.
  Nanos turn(Nanos until);

 private:
  struct Entry {
    Nanos when;
    Timer* timer;
  };
  void push(Timer& timer);
  void fire(Nanos now);

  base::Fd epoll_;
  std::vector<Entry> heap_;
};

}  // namespace bench
