// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/timer_queue.h"

#include <algorithm>

namespace net {

TimerId TimerQueue::add(base::Time when, std::function<void()> what) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.what = std::move(what);
  slot.used = true;
  if (++slot.generation == 0) slot.generation = 1;  // keeps every id apart from 0
  // Not before those that are already due, or run_due() would stop in front of them.
  if (running_at_) when = std::max(when, *running_at_);
  heap_.emplace_back();
  put(heap_.size() - 1, {when, next_order_++, index});
  const TimerId id = (TimerId{slot.generation} << 32) | index;
  sift_up(heap_.size() - 1);
  return id;
}

void TimerQueue::cancel(TimerId timer) {
  const auto index = static_cast<std::uint32_t>(timer);
  if (index >= slots_.size()) return;
  const Slot& slot = slots_[index];
  // The callback may own what cancels in its destructor, so it dies after the heap is whole.
  if (slot.used && slot.generation == timer >> 32) const auto dies_here = remove(slot.position);
}

std::optional<base::Time> TimerQueue::first() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

void TimerQueue::run_due(base::Time now) {
  running_at_ = now;
  const std::uint64_t newer = next_order_;
  while (!heap_.empty() && heap_.front().when <= now && heap_.front().order < newer) remove(0)();
  running_at_.reset();
}

void TimerQueue::put(std::size_t position, Entry entry) {
  slots_[entry.slot].position = static_cast<std::uint32_t>(position);
  heap_[position] = entry;
}

void TimerQueue::sift_up(std::size_t position) {
  const Entry entry = heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!(entry < heap_[parent])) break;
    put(position, heap_[parent]);
    position = parent;
  }
  put(position, entry);
}

void TimerQueue::sift_down(std::size_t position) {
  const Entry entry = heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < entry)) break;
    put(position, heap_[child]);
    position = child;
  }
  put(position, entry);
}

std::function<void()> TimerQueue::remove(std::size_t position) {
  Slot& slot = slots_[heap_[position].slot];
  slot.used = false;
  free_.push_back(heap_[position].slot);
  std::function<void()> what = std::move(slot.what);
  slot.what = nullptr;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    put(position, last);
    sift_up(position);
    sift_down(position);
  }
  return what;
}

}  // namespace net
