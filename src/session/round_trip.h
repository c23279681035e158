// SPDX-License-Identifier: GPL-3.0-or-later
// How long a client takes to answer, and when silence means loss: RFC 6298's estimator with
// numbers for a boot server. A fixed second, the habit of TFTP servers, costs a second per
// lost packet; too short a timer floods a client that writes each block to slow memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace session {

class RoundTrip {
 public:
  static constexpr base::Duration initial_timer = std::chrono::seconds(1);
  // Once the OACK was answered the path is known, but not the client's pace: so long for each
  // block under way, and no longer than that for all (flash that takes 30 ms a block).
  static constexpr base::Duration first_data_timer_per_block = std::chrono::milliseconds(40);
  static constexpr base::Duration first_data_timer = std::chrono::milliseconds(640);
  // Under them the estimate measures our own scheduler and the client's, not the path.
  static constexpr base::Duration near_timer = std::chrono::milliseconds(14);
  static constexpr base::Duration far_timer = std::chrono::milliseconds(50);
  static constexpr base::Duration far = std::chrono::milliseconds(2);  // answers slower than this
  // Longer than clients wait (EDK2 4 s, atftp 5 s): atftp answers a repeated block once, then
  // only its own timer helps, and each block of ours starts that anew.
  static constexpr base::Duration longest_timer = std::chrono::seconds(6);

  // A small packet answered by reflex (OACK, ACK 0): it bounds the round trip from below
  // but does not say how long a window takes.
  void add_reflex(base::Duration sample);
  // An answer to `part` of the `whole` blocks that were under way. Only good for correcting
  // downwards: under heavy loss no window arrives whole, and a first sample that held the
  // client's own time-out would slow the whole transfer.
  void add_part(base::Duration sample, std::uint64_t part, std::uint64_t whole);
  // From the first sending of a window's last block to its acknowledgement, with `blocks`
  // under way and nothing sent again between (Karn: after that, nobody knows which sending
  // was answered).
  void add(base::Duration sample, std::uint64_t blocks);
  // The same, learnt only after the timer had fired: it should have waited that long, and does
  // for a while. Firmware that stops once to draw or to erase flash does it again.
  void add_late(base::Duration sample);
  // The timer fired. The longer timer stays, else a client that slowed down would be
  // called lossy in each window from then on. An unambiguous sample ends it.
  void back_off();
  // Takes so many doublings back: an answer came in time, or the timer was right.
  void in_time(unsigned doublings) { doublings_ -= std::min(doublings, doublings_); }
  // The client missed a block, so it was loss that made the timer fire.
  void lossy() { doublings_ = 0; }

  // When to resend for lack of an answer to that many blocks.
  [[nodiscard]] base::Duration timer(std::uint64_t blocks) const;
  // Nothing sent less than this ago can have been answered. Zero when unknown.
  [[nodiscard]] base::Duration shortest() const { return shortest_.value_or(base::Duration::zero()); }
  // From the first block of a window to the last, at the line's and the client's pace.
  [[nodiscard]] base::Duration spread() const { return smoothed_.value_or(shortest()) - shortest(); }
  // That answer came as soon as the path allows.
  [[nodiscard]] bool on_time(base::Duration answer) const {
    return answer >= shortest() * 3 / 4 && answer < shortest() * 5 / 4 + std::chrono::microseconds(500);
  }
  // Before this no second block of a window can have been answered.
  [[nodiscard]] base::Duration soonest() const {
    return pace_ > shortest() ? shortest() + pace_ : shortest();
  }
  // Answers to blocks that arrive one behind another do not come further apart.
  [[nodiscard]] base::Duration quiet() const;
  // An answer to a window sent again, if the client goes on where it should, takes this long...
  [[nodiscard]] base::Duration again() const;
  // ... and by then each answer to what was in flight has come.
  [[nodiscard]] base::Duration settled() const;

 private:
  [[nodiscard]] base::Duration likely() const;

  std::optional<base::Duration> shortest_;
  std::optional<base::Duration> smoothed_;
  base::Duration variation_{};
  base::Duration pace_{};          // of the client and the line, per block: what the path does not explain
  base::Duration patience_{};      // the timer is not shorter
  std::uint16_t patient_for_ = 0;  // so many samples
  unsigned doublings_ = 0;
};

}  // namespace session
