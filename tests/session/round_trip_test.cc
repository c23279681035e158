// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/round_trip.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using session::RoundTrip;

TEST(RoundTrip, KnowsNothingAndWaitsASecond) {
  const RoundTrip trip;
  EXPECT_EQ(trip.timer(), 1s);
  EXPECT_EQ(trip.shortest(), 0s);
}

TEST(RoundTrip, ReflexBoundsFromBelowButDoesNotSetThePace) {
  RoundTrip trip;
  trip.add_reflex(200us);
  EXPECT_EQ(trip.shortest(), 200us);
  EXPECT_EQ(trip.timer(), RoundTrip::first_data_timer);
}

TEST(RoundTrip, FastPathRestsOnTheFloor) {
  RoundTrip trip;
  for (int i = 0; i < 20; ++i) trip.add(200us);
  EXPECT_EQ(trip.timer(), RoundTrip::shortest_timer);
}

TEST(RoundTrip, SteadySlowClientIsNotCalledLossy) {
  RoundTrip trip;
  for (int i = 0; i < 100; ++i) trip.add(480ms);  // 16 blocks of 30 ms
  EXPECT_GE(trip.timer(), 700ms);
}

TEST(RoundTrip, LongerTimerStaysUntilAnAnswerComesInTime) {
  RoundTrip trip;
  trip.add(200us);
  trip.back_off();
  trip.back_off();
  EXPECT_EQ(trip.timer(), 4 * RoundTrip::shortest_timer);
  trip.in_time();
  EXPECT_EQ(trip.timer(), 2 * RoundTrip::shortest_timer);
  trip.add(200us);
  EXPECT_EQ(trip.timer(), RoundTrip::shortest_timer);
}

TEST(RoundTrip, BackingOffForEverStopsAtTheLongestTimer) {
  RoundTrip trip;
  for (int i = 0; i < 1000; ++i) trip.back_off();
  EXPECT_EQ(trip.timer(), RoundTrip::longest_timer);
}

TEST(RoundTrip, SpoiledFirstSampleIsCorrectedByPartsOfWindows) {
  RoundTrip trip;
  trip.add(1s);  // held the client's own time-out
  for (int i = 0; i < 12; ++i) trip.add_part(200us, 3ms);
  EXPECT_LT(trip.timer(), 300ms);
  trip.add_part(100ms, 2s);  // a bound above the estimate says nothing
  EXPECT_LT(trip.timer(), 300ms);
}

}  // namespace
