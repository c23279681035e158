// SPDX-License-Identifier: GPL-3.0-or-later
// How long a client takes to answer, and when silence means loss: RFC 6298's estimator with
// numbers for a boot server. A fixed second, the habit of TFTP servers, costs a second per
// lost packet; too short a timer floods a client that writes each block to slow memory.
#pragma once

#include <optional>

#include "base/time.h"

namespace session {

class RoundTrip {
 public:
  static constexpr base::Duration initial_timer = std::chrono::seconds(1);
  // Once the OACK was answered: the path is known, the client's pace is not.
  static constexpr base::Duration first_data_timer = std::chrono::milliseconds(250);
  // Under it the estimate measures our own scheduler, not the path.
  static constexpr base::Duration shortest_timer = std::chrono::milliseconds(50);
  // EDK2 itself acts after 4 s: waiting longer than the client does helps nobody.
  static constexpr base::Duration longest_timer = std::chrono::seconds(4);

  // A small packet answered by reflex (OACK, ACK 0): it bounds the round trip from below
  // but does not say how long a window takes.
  void add_reflex(base::Duration sample);
  // An answer before the window was through, which would have taken `whole_at_most`. Only
  // good for correcting downwards: under heavy loss no window arrives whole, and a first
  // sample that held the client's own time-out would slow the whole transfer.
  void add_part(base::Duration sample, base::Duration whole_at_most);
  // From the first sending of a window's last block to its acknowledgement, without a
  // time-out between (Karn: after one, nobody knows which sending was answered).
  void add(base::Duration sample);
  // The timer fired. The longer timer stays, else a client that slowed down would be
  // called lossy in each window from then on; it shrinks when an answer comes before it,
  // and an unambiguous sample ends it.
  void back_off();
  void in_time();

  // When to resend for lack of an answer.
  [[nodiscard]] base::Duration timer() const;
  // Nothing sent less than this ago can have been answered. Zero when unknown.
  [[nodiscard]] base::Duration shortest() const { return shortest_.value_or(base::Duration::zero()); }
  // By then each answer to what was in flight has come.
  [[nodiscard]] base::Duration settled() const;

 private:
  [[nodiscard]] base::Duration likely() const;

  std::optional<base::Duration> shortest_;
  std::optional<base::Duration> smoothed_;
  base::Duration variation_{};
  unsigned doublings_ = 0;
};

}  // namespace session
