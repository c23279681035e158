// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/rate_limit.h"

#include <algorithm>

namespace session {
namespace {

// So many at the head of the line are told their time exactly.
constexpr std::size_t looks_at = 16;
constexpr base::Duration shortest_wait = std::chrono::microseconds(100);

}  // namespace

base::Time RateLimit::ask(Turn& turn, std::size_t octets, base::Time now) {
  const std::lock_guard lock(mutex_);
  if (turn.limit_ == nullptr) enter(turn, octets);
  const Ahead ahead = ahead_of(turn, now);
  const base::Time free_at = std::max(free_at_, now - burst);
  if (free_at + time_of(ahead.due) <= now) {
    free_at_ = free_at + time_of(turn.octets_);
    const Share share = turn.place_->first;
    turn.next_ = share + turn.octets_;
    leave(turn);
    // As far as the hindmost has come. Who was late, or out of turn, has lost nothing by it.
    served_ = std::max(served_, waiting_.empty() ? share : std::min(share, waiting_.begin()->first));
    return now;
  }
  base::Duration wait = free_at + time_of(ahead.all) - now;
  if (!ahead.near) {
    // Everybody's share grows by what lies between here and there. Half of it, because whoever
    // leaves the line makes it shorter.
    const Share behind = turn.place_->first - std::min(served_, turn.place_->first);
    wait = std::max(wait, time_of(behind * waiting_.size()) / 2);
  }
  turn.told_ = now + std::clamp(wait, shortest_wait, asks_every);
  return turn.told_;
}

RateLimit::Ahead RateLimit::ahead_of(const Turn& turn, base::Time now) const {
  Ahead ahead;
  auto one = waiting_.begin();
  for (std::size_t i = 0; i < looks_at && one != waiting_.end(); ++i, ++one) {
    if (one == turn.place_) {
      ahead.near = true;
      break;
    }
    const Turn& other = *one->second;
    ahead.all += other.octets_;
    if (other.told_ <= now && now - other.told_ <= grace) ahead.due += other.octets_;
  }
  return ahead;
}

void RateLimit::enter(Turn& turn, std::size_t octets) {
  Share share = std::max(turn.next_, served_);
  if (turn.next_ == 0) {
    // A crowd that comes at once spreads over one window: its line then has a length that can
    // be told from the shares.
    spread_ += 0x9e3779b9;  // the golden ratio of 2^32: never close to where the last ones fell
    share += std::uint64_t{spread_} * octets >> 32;
  }
  if (turn.spare_) {
    turn.spare_.key() = share;
    turn.place_ = waiting_.insert(std::move(turn.spare_));
  } else {
    turn.place_ = waiting_.emplace(share, &turn);
  }
  turn.limit_ = this;
  turn.octets_ = octets;
  turn.told_ = base::Time::max();
}

void RateLimit::leave(Turn& turn) {
  turn.spare_ = waiting_.extract(turn.place_);
  turn.limit_ = nullptr;
}

void RateLimit::give_back(std::size_t octets) {
  const std::lock_guard lock(mutex_);
  free_at_ -= time_of(octets);
}

std::size_t RateLimit::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

base::Duration RateLimit::time_of(std::uint64_t octets) const {
  const double seconds = static_cast<double>(octets) / static_cast<double>(octets_per_second_);
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(std::min(seconds, 3600.0)));
}

void RateLimit::Turn::cancel() {
  if (limit_ == nullptr) return;
  RateLimit& limit = *limit_;
  const std::lock_guard lock(limit.mutex_);
  limit.leave(*this);
}

}  // namespace session
