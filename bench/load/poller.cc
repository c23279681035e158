// SPDX-License-Identifier: GPL-3.0-or-later
#include "poller.h"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "flags.h"

namespace bench {

Nanos read_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Nanos{now.tv_sec} * second + now.tv_nsec;
}

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.open()) fatal_errno("epoll_create1");
}

void Poller::add(int fd, Actor& actor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &actor;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fatal_errno("epoll_ctl");
}

void Poller::change(int fd, Actor& actor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &actor;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) fatal_errno("epoll_ctl");
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Poller::set(Timer& timer, Nanos when) {
  timer.deadline = when;
  if (when < timer.queued) push(timer);
}

void Poller::push(Timer& timer) {
  timer.queued = timer.deadline;
  heap_.push_back({timer.deadline, &timer});
  std::push_heap(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return a.when > b.when; });
}

void Poller::fire(Nanos now) {
  while (!heap_.empty() && heap_.front().when <= now) {
    std::pop_heap(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return a.when > b.when; });
    const Entry entry = heap_.back();
    heap_.pop_back();
    Timer& timer = *entry.timer;
    if (entry.when != timer.queued) continue;  // an earlier one took its place
    timer.queued = never;
    if (timer.deadline == never) continue;
    if (timer.deadline > now) {
      push(timer);
      continue;
    }
    timer.deadline = never;
    timer.owner->expired(timer, now);
  }
}

Nanos Poller::turn(Nanos until) {
  if (!heap_.empty()) until = std::min(until, heap_.front().when);
  const Nanos wait = std::max<Nanos>(0, until - read_clock());
  const timespec timeout{wait / second, wait % second};
  std::array<epoll_event, 128> events;
  const int count =
      ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) fatal_errno("epoll_pwait2");
  const Nanos now = read_clock();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Actor*>(event.data.ptr)->ready(event.events, now);
  }
  fire(now);
  return now;
}

}  // namespace bench
