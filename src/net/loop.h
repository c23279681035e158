// SPDX-License-Identifier: GPL-3.0-or-later
// A small epoll loop, one per thread. Readiness and timers in, callbacks out; nothing else.
// LoopApi is what users see, so that tests put a fake with a hand-turned clock in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "net/timer_queue.h"

namespace net {

class LoopApi {
 public:
  virtual ~LoopApi() = default;
  [[nodiscard]] virtual base::Time now() const = 0;  // of this turn, read once per wake-up
  // Level-triggered readability of `fd`; one watcher per fd.
  // Also called when an error is pending on a socket. Unwatch before closing the fd.
  virtual base::Status watch(int fd, std::function<void()> on_readable) = 0;
  virtual void unwatch(int fd) = 0;
  virtual TimerId call_at(base::Time when, std::function<void()> what) = 0;
  virtual void cancel(TimerId timer) = 0;  // an expired or unknown id is fine
};

class Loop final : public LoopApi {
 public:
  static base::Result<std::unique_ptr<Loop>> open();
  ~Loop() override;

  [[nodiscard]] base::Time now() const override;
  base::Status watch(int fd, std::function<void()> on_readable) override;
  void unwatch(int fd) override;
  TimerId call_at(base::Time when, std::function<void()> what) override;
  void cancel(TimerId timer) override;
  // Edge-triggered, for sockets that are written to as well: called when `fd` has become
  // readable or writable, was closed by the peer or failed. Whoever is called goes on until the
  // kernel says EAGAIN, or comes back by a timer.
  base::Status watch_edges(int fd, std::function<void()> on_change);
  // Like watch(), for one listener in several threads' loops: a connection wakes few of them.
  base::Status watch_shared(int fd, std::function<void()> on_readable);

  // Runs until stop(); a stop() that came before counts. A callback may watch, unwatch
  // (itself too), call_at, cancel. Sockets are served before timers: an answer that is
  // already here beats the time-out that waits for it.
  void run();
  // The only two calls other threads may make.
  void stop();
  void post(std::function<void()> what);

 private:
  struct Impl;
  explicit Loop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
