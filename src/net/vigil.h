// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "base/time.h"

namespace net {

// Whether to wait awake for the next event. To fall asleep and be woken costs some twenty
// microseconds on either side of a conversation, more in a virtual machine: with a client that
// answers sooner than that, twice what all the work costs. So after a run of answers that came
// fast, the next one is waited for by looking, for as long as a wake-up would have cost. Gaps
// that are longer end it at once: silence and slow wires are slept through.
class Vigil {
 public:
  static constexpr base::Duration longest = std::chrono::microseconds(50);  // of one look
  static constexpr base::Duration waking = std::chrono::microseconds(50);   // what a wake-up may take

  // With a single processor, looking keeps whoever would answer from doing so.
  explicit Vigil(unsigned processors) : alone_(processors < 2) {}

  [[nodiscard]] bool worth_it() const { return credit_ >= enough && !alone_; }

  void seen() { credit_ = std::min(credit_ + 1, most); }  // while looking
  void missed() { credit_ = std::min(credit_, std::max(credit_ - price, 0)); }
  // Who looks gives way at every look. If that took its time, somebody else wants the processor,
  // perhaps the one who would answer: looking is a loss then, and is left for a while.
  void gave_way_for(base::Duration time) {
    if (time > noticeable) credit_ = -after_crowding;
  }
  void woken_after(base::Duration slept) {
    if (slept < longest + waking) seen();
  }

 private:
  static constexpr int enough = 16, most = 32, price = 8, after_crowding = 32;
  static constexpr base::Duration noticeable = std::chrono::microseconds(30);
  int credit_ = 0;
  bool alone_;
};

}  // namespace net
