// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/round_trip.h"

#include <algorithm>

namespace session {
namespace {

// Blocks of one window leave back to back but arrive at the line's rate, and each one out
// of order may be answered. Sixteen full frames take 2 ms at 100 Mbit/s; 64 KiB take 200 ms
// on the slowest link worth serving.
constexpr base::Duration shortest_settling = std::chrono::milliseconds(5);
constexpr base::Duration unknown_settling = std::chrono::milliseconds(200);

}  // namespace

void RoundTrip::add_reflex(base::Duration sample) {
  shortest_ = shortest_ ? std::min(*shortest_, sample) : sample;
}

void RoundTrip::add_part(base::Duration sample, base::Duration whole_at_most) {
  add_reflex(sample);
  if (!smoothed_ || whole_at_most < *smoothed_) add(whole_at_most);
}

void RoundTrip::add(base::Duration sample) {
  add_reflex(sample);
  doublings_ = 0;
  if (!smoothed_) {  // RFC 6298 §2.2
    smoothed_ = sample;
    variation_ = sample / 2;
    return;
  }
  const base::Duration error = *smoothed_ > sample ? *smoothed_ - sample : sample - *smoothed_;
  variation_ = (3 * variation_ + error) / 4;
  // Down faster than §2.3 says: samples are fewer than TCP's, and a lossy start spoils them.
  smoothed_ = sample < *smoothed_ ? (*smoothed_ + sample) / 2 : (7 * *smoothed_ + sample) / 8;
}

void RoundTrip::back_off() {
  if (timer() < longest_timer) ++doublings_;
}

void RoundTrip::in_time() {
  if (doublings_ > 0) --doublings_;
}

base::Duration RoundTrip::timer() const {
  const base::Duration once = smoothed_   ? std::max(likely(), shortest_timer)
                              : shortest_ ? std::clamp(4 * *shortest_, first_data_timer, initial_timer)
                                          : initial_timer;
  return std::min(once * (1 << doublings_), longest_timer);
}

base::Duration RoundTrip::settled() const {
  if (!smoothed_) return unknown_settling;
  // A resent window queues behind what was still under way of the first: one more round trip.
  return std::clamp(likely() + *smoothed_, shortest_settling, longest_timer);
}

// A steady client drives the variation to nothing; half a round trip on top keeps its
// first hiccup from looking like loss.
base::Duration RoundTrip::likely() const { return *smoothed_ + std::max(4 * variation_, *smoothed_ / 2); }

}  // namespace session
