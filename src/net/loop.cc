// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/loop.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/processors.h"
#include "net/vigil.h"

namespace net {
namespace {

struct Watcher {
  std::function<void()> on_event;
  bool dead = false;
};

// Milliseconds of epoll_wait() are too coarse for retransmission timers of 10 ms, but a
// sandbox may refuse the newer call that takes nanoseconds.
int wait_for_events(int epoll, std::span<epoll_event> events, std::optional<base::Duration> timeout) {
  using std::chrono::nanoseconds, std::chrono::milliseconds, std::chrono::seconds;
  static std::atomic<bool> coarse = false;
  const int capacity = static_cast<int>(events.size());
  if (!coarse) {
    timespec time{};
    if (timeout) {
      time.tv_sec = std::chrono::floor<seconds>(*timeout).count();
      time.tv_nsec = nanoseconds(*timeout % seconds(1)).count();
    }
    const int got = epoll_pwait2(epoll, events.data(), capacity, timeout ? &time : nullptr, nullptr);
    if (got >= 0 || (errno != ENOSYS && errno != EPERM)) return got;
    coarse = true;
  }
  // Rounded up, or the last millisecond before each timer would be spent spinning.
  const auto wait = timeout ? std::chrono::ceil<milliseconds>(*timeout).count() : -1;
  return epoll_wait(epoll, events.data(), capacity, static_cast<int>(std::min<std::int64_t>(wait, 60'000)));
}

}  // namespace

struct Loop::Impl {
  base::Fd epoll;
  base::Fd wake;
  std::unordered_map<int, std::unique_ptr<Watcher>> watchers;
  // Unwatched in this turn: an event for it may still be waiting in the batch, and its
  // callback may be the one that runs.
  std::vector<std::unique_ptr<Watcher>> retired;
  TimerQueue timers;
  base::Time now = base::Clock::now();
  bool in_turn = false;

  std::atomic<bool> stopping = false;
  std::mutex posted_lock;
  std::vector<std::function<void()>> posted;

  Vigil vigil{base::usable_processors()};

  base::Status watch(int fd, std::uint32_t events, std::function<void()> callback);
  int await(std::span<epoll_event> events);
  void turn();
  void run_posted();
  void bury();
  void ring() const {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is already being woken.
    [[maybe_unused]] const auto written = write(wake.get(), &one, sizeof one);
  }
};

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loop::~Loop() = default;

base::Result<std::unique_ptr<Loop>> Loop::open() {
  auto impl = std::make_unique<Impl>();
  impl->epoll = base::Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!impl->epoll.open()) return base::fail_errno("open an epoll instance", errno);
  impl->wake = base::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!impl->wake.open()) return base::fail_errno("open an eventfd", errno);
  std::unique_ptr<Loop> loop(new Loop(std::move(impl)));
  Impl* raw = loop->impl_.get();
  if (auto watched = loop->watch(raw->wake.get(), [raw] { raw->run_posted(); }); !watched) {
    return tl::unexpected(watched.error());
  }
  return loop;
}

base::Time Loop::now() const { return impl_->in_turn ? impl_->now : base::Clock::now(); }

base::Status Loop::watch(int fd, std::function<void()> on_readable) {
  return impl_->watch(fd, EPOLLIN, std::move(on_readable));
}

base::Status Loop::watch_edges(int fd, std::function<void()> on_change) {
  return impl_->watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, std::move(on_change));
}

base::Status Loop::watch_shared(int fd, std::function<void()> on_readable) {
  return impl_->watch(fd, EPOLLIN | EPOLLEXCLUSIVE, std::move(on_readable));
}

base::Status Loop::Impl::watch(int fd, std::uint32_t events, std::function<void()> callback) {
  auto watcher = std::make_unique<Watcher>();
  watcher->on_event = std::move(callback);
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher.get();
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
    return base::fail_errno(fmt::format("watch file descriptor {}", fd), errno);
  }
  watchers[fd] = std::move(watcher);
  return {};
}

void Loop::unwatch(int fd) {
  const auto found = impl_->watchers.find(fd);
  if (found == impl_->watchers.end()) return;
  epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
  found->second->dead = true;
  impl_->retired.push_back(std::move(found->second));
  impl_->watchers.erase(found);
  if (!impl_->in_turn) impl_->bury();
}

TimerId Loop::call_at(base::Time when, std::function<void()> what) {
  return impl_->timers.add(when, std::move(what));
}

void Loop::cancel(TimerId timer) { impl_->timers.cancel(timer); }

void Loop::run() {
  while (!impl_->stopping.exchange(false)) impl_->turn();
}

void Loop::stop() {
  impl_->stopping = true;
  impl_->ring();
}

void Loop::post(std::function<void()> what) {
  {
    const std::lock_guard lock(impl_->posted_lock);
    impl_->posted.push_back(std::move(what));
  }
  impl_->ring();
}

int Loop::Impl::await(std::span<epoll_event> events) {
  const base::Time since = base::Clock::now();
  const auto until_timer = [this](base::Time from) -> std::optional<base::Duration> {
    const auto first = timers.first();
    return first ? std::optional(std::max(*first - from, base::Duration(0))) : std::nullopt;
  };
  if (vigil.worth_it()) {
    const base::Time end = since + std::min(Vigil::longest, until_timer(since).value_or(Vigil::longest));
    base::Time look = since;
    while (true) {
      const int ready = wait_for_events(epoll.get(), events, base::Duration(0));
      now = base::Clock::now();
      if (ready != 0) {
        if (look != since) vigil.seen();  // or it had been there before, and says nothing
        return ready;
      }
      if (now >= end) break;
      sched_yield();
      look = base::Clock::now();
      vigil.gave_way_for(look - now);
    }
    vigil.missed();
  }
  const int ready = wait_for_events(epoll.get(), events, until_timer(base::Clock::now()));
  now = base::Clock::now();
  if (ready > 0) vigil.woken_after(now - since);
  return ready;
}

void Loop::Impl::turn() {
  std::array<epoll_event, 64> events;
  const int ready = await(events);
  in_turn = true;
  for (int i = 0; i < ready; ++i) {  // -1 is EINTR: nothing to do but look at the timers
    auto* watcher = static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (!watcher->dead) watcher->on_event();
  }
  timers.run_due(now);
  in_turn = false;
  bury();
}

void Loop::Impl::run_posted() {
  std::uint64_t count = 0;
  // Emptied first: a post that comes while these run rings again.
  [[maybe_unused]] const auto got = read(wake.get(), &count, sizeof count);
  std::vector<std::function<void()>> mine;
  {
    const std::lock_guard lock(posted_lock);
    mine.swap(posted);
  }
  for (const auto& what : mine) what();
}

void Loop::Impl::bury() {
  // A callback's captures may unwatch more as they die.
  while (!retired.empty()) {
    const auto dying = std::move(retired);
    retired.clear();
  }
}

}  // namespace net
