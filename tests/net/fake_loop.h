// SPDX-License-Identifier: GPL-3.0-or-later
// A loop without an epoll instance and without a clock: tests say what is readable and how
// time passes. Timers fire in the same order as in the real loop, because it is the same queue.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "net/loop.h"

namespace net {

class FakeLoop final : public LoopApi {
 public:
  [[nodiscard]] base::Time now() const override { return now_; }
  base::Status watch(int fd, std::function<void()> on_readable) override {
    const auto watcher = std::make_shared<std::function<void()>>(std::move(on_readable));
    if (!watchers_.emplace(fd, watcher).second) return base::fail("fd {} is watched already", fd);
    return {};
  }
  void unwatch(int fd) override { watchers_.erase(fd); }
  TimerId call_at(base::Time when, std::function<void()> what) override {
    return timers_.add(when, std::move(what));
  }
  void cancel(TimerId timer) override { timers_.cancel(timer); }

  // The clock jumps from timer to timer, so that each sees exactly the time it asked for.
  void advance(base::Duration by) {
    const base::Time end = now_ + by;
    while (timers_.first() && *timers_.first() <= end) {
      now_ = std::max(now_, *timers_.first());
      timers_.run_due(now_);
    }
    now_ = end;
  }
  // False when nobody watches the fd.
  bool make_readable(int fd) {
    const auto found = watchers_.find(fd);
    if (found == watchers_.end()) return false;
    const auto watcher = found->second;  // may unwatch itself
    (*watcher)();
    return true;
  }
  [[nodiscard]] bool watches(int fd) const { return watchers_.contains(fd); }
  [[nodiscard]] std::size_t timer_count() const { return timers_.size(); }
  [[nodiscard]] std::optional<base::Time> next_timer() const { return timers_.first(); }

 private:
  base::Time now_{std::chrono::hours(24)};  // far from zero, which could pass for "unset"
  std::map<int, std::shared_ptr<std::function<void()>>> watchers_;
  TimerQueue timers_;
};

}  // namespace net
