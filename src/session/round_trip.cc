// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/round_trip.h"

#include <algorithm>

namespace session {
namespace {

// Each block out of order may be answered, by a client that somebody else's interrupts slow.
constexpr base::Duration shortest_again = std::chrono::milliseconds(1);
constexpr base::Duration shortest_settling = std::chrono::milliseconds(3);
// Blocks of one window leave back to back but arrive at the line's rate: 64 KiB take 50 ms at
// 10 Mbit/s, and 200 ms on the slowest link worth serving.
constexpr base::Duration first_settling = std::chrono::milliseconds(25);
constexpr base::Duration unknown_settling = std::chrono::milliseconds(200);
// A client that writes to flash or draws stops now and then for as long as several blocks.
constexpr int blocks_of_pause = 7;

// Longer than this is no habit but an event, and a loss after it must not cost as much.
constexpr base::Duration longest_patience = std::chrono::milliseconds(750);
constexpr std::uint16_t patient_samples = 128;

}  // namespace

void RoundTrip::add_reflex(base::Duration sample) {
  shortest_ = shortest_ ? std::min(*shortest_, sample) : sample;
}

void RoundTrip::add_part(base::Duration sample, std::uint64_t part, std::uint64_t whole) {
  add_reflex(sample);
  // Had it gone on at this pace; the path's own delay comes once.
  const auto times = static_cast<double>(whole) / static_cast<double>(part);
  const auto at_most = *shortest_ + std::chrono::duration_cast<base::Duration>((sample - *shortest_) * times);
  if (!smoothed_ || at_most < *smoothed_) add(at_most, whole);
}

void RoundTrip::add(base::Duration sample, std::uint64_t blocks) {
  sample = std::min(sample, longest_timer);
  add_reflex(sample);
  doublings_ = 0;
  if (sample > patience_ / 2) patient_for_ = patient_samples;
  if (patient_for_ > 0 && --patient_for_ == 0) patience_ = {};
  if (!smoothed_) {  // RFC 6298 §2.2
    smoothed_ = sample;
    variation_ = sample / 2;
  } else {
    const base::Duration error = *smoothed_ > sample ? *smoothed_ - sample : sample - *smoothed_;
    variation_ = (3 * variation_ + error) / 4;
    // Down faster than §2.3 says: samples are fewer than TCP's, and a lossy start spoils them.
    smoothed_ = sample < *smoothed_ ? (*smoothed_ + sample) / 2 : (7 * *smoothed_ + sample) / 8;
  }
  pace_ = (*smoothed_ - *shortest_) / static_cast<base::Duration::rep>(blocks);
}

void RoundTrip::add_late(base::Duration sample) {
  if (sample > longest_patience) return;
  doublings_ = 0;
  patience_ = std::min(std::max(patience_, sample + sample / 4), longest_patience);
  patient_for_ = patient_samples;
}

void RoundTrip::back_off() {
  if (timer(1) < longest_timer) ++doublings_;
}

base::Duration RoundTrip::timer(std::uint64_t blocks) const {
  base::Duration once = initial_timer;
  if (smoothed_) {
    once = std::max({likely(), patience_, *smoothed_ < far ? near_timer : far_timer});
  } else if (shortest_) {
    const auto pace =
        std::min(first_data_timer_per_block * static_cast<base::Duration::rep>(blocks), first_data_timer);
    // A client that was found slow before anything of it could be timed stays so.
    once = std::max(std::min(4 * *shortest_ + pace, initial_timer), patience_);
  }
  return std::min(once * (1 << doublings_), longest_timer);
}

// A resent window queues behind what was still under way of the first.
base::Duration RoundTrip::again() const {
  if (!smoothed_) return settled();
  return std::clamp(2 * *smoothed_ - *shortest_, shortest_again, longest_timer);
}

base::Duration RoundTrip::quiet() const { return shortest_settling + 4 * pace_; }

base::Duration RoundTrip::settled() const {
  if (!smoothed_) return shortest_ ? 4 * *shortest_ + first_settling : unknown_settling;
  return std::clamp(likely() + *smoothed_ - *shortest_, shortest_settling, longest_timer);
}

// A steady client drives the variation to nothing; half a round trip on top keeps its
// first hiccup from looking like loss.
base::Duration RoundTrip::likely() const {
  return *smoothed_ + std::max({4 * variation_, *smoothed_ / 2, blocks_of_pause * pace_});
}

}  // namespace session
