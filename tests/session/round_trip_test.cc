// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/round_trip.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using session::RoundTrip;

TEST(RoundTrip, KnowsNothingAndWaitsASecond) {
  const RoundTrip trip;
  EXPECT_EQ(trip.timer(1), 1s);
  EXPECT_EQ(trip.timer(64), 1s);
  EXPECT_EQ(trip.shortest(), 0s);
}

TEST(RoundTrip, ReflexBoundsFromBelowAndLeavesEachBlockItsTime) {
  struct {
    base::Duration reflex;
    std::uint64_t blocks;
    base::Duration want;
  } const cases[] = {
      {200us, 1, 40'800us},   {200us, 4, 160'800us}, {200us, 16, 640'800us},
      {200us, 64, 640'800us}, {30ms, 1, 160ms},      {2s, 1, 1s},
  };
  for (const auto& c : cases) {
    RoundTrip trip;
    trip.add_reflex(c.reflex);
    EXPECT_EQ(trip.shortest(), c.reflex);
    EXPECT_EQ(trip.timer(c.blocks), c.want);
  }
}

TEST(RoundTrip, PathsRestOnTheirFloor) {
  struct {
    base::Duration answer, want;
  } const cases[] = {{100us, 14ms}, {1ms, 14ms}, {1900us, 14ms}, {2ms, 50ms}, {30ms, 50ms}, {100ms, 150ms}};
  for (const auto& c : cases) {
    RoundTrip trip;
    trip.add_reflex(c.answer);
    for (int i = 0; i < 40; ++i) trip.add(c.answer, 1);
    EXPECT_NEAR(static_cast<double>(trip.timer(1).count()), static_cast<double>(c.want.count()), 1000);
  }
}

TEST(RoundTrip, SteadySlowClientIsNotCalledLossyAtItsFirstPause) {
  struct {
    std::uint64_t window;
    base::Duration least;
  } const cases[] = {{1, 200ms}, {4, 290ms}, {16, 650ms}};  // one of the blocks takes 200 ms
  for (const auto& c : cases) {
    RoundTrip trip;
    trip.add_reflex(200us);  // so the path is not what takes 30 ms a block
    for (int i = 0; i < 100; ++i) trip.add(30ms * c.window, c.window);
    EXPECT_GE(trip.timer(c.window), c.least) << c.window;
  }
}

TEST(RoundTrip, LongerTimerStaysUntilAnAnswerComesInTime) {
  RoundTrip trip;
  trip.add(200us, 1);
  trip.back_off();
  trip.back_off();
  EXPECT_EQ(trip.timer(1), 4 * RoundTrip::near_timer);
  trip.in_time(1);
  EXPECT_EQ(trip.timer(1), 2 * RoundTrip::near_timer);
  trip.add(200us, 1);
  EXPECT_EQ(trip.timer(1), RoundTrip::near_timer);
  for (int i = 0; i < 3; ++i) trip.back_off();
  trip.lossy();  // it was loss and not a slow client
  EXPECT_EQ(trip.timer(1), RoundTrip::near_timer);
  trip.in_time(5);  // more than there are
  EXPECT_EQ(trip.timer(1), RoundTrip::near_timer);
}

TEST(RoundTrip, BackingOffForEverStopsAtTheLongestTimer) {
  RoundTrip trip;
  for (int i = 0; i < 1000; ++i) trip.back_off();
  EXPECT_EQ(trip.timer(1), RoundTrip::longest_timer);
}

TEST(RoundTrip, SpoiledFirstSampleIsCorrectedByPartsOfWindows) {
  RoundTrip trip;
  trip.add(1s, 16);  // held the client's own time-out
  for (int i = 0; i < 12; ++i) trip.add_part(200us, 1, 16);
  EXPECT_LT(trip.timer(16), 300ms);
  trip.add_part(100ms, 1, 16);  // a bound above the estimate says nothing
  EXPECT_LT(trip.timer(16), 300ms);
}

// Else one gap at the start of a window of 64, 30 ms away, would make it two seconds.
TEST(RoundTrip, ThePathsDelayComesOnceForPartsOfAWindow) {
  RoundTrip trip;
  trip.add_reflex(30ms);
  trip.add_part(30'100us, 1, 64);
  EXPECT_LT(trip.again(), 50ms);
}

TEST(RoundTrip, LateAnswerIsExpectedAgainForAWhile) {
  RoundTrip trip;
  trip.add(200us, 1);
  trip.add_late(400ms);
  EXPECT_EQ(trip.timer(1), 500ms);
  for (int i = 0; i < 120; ++i) trip.add(200us, 1);
  EXPECT_EQ(trip.timer(1), 500ms);
  trip.add(400ms, 1);  // so it is a habit
  for (int i = 0; i < 120; ++i) trip.add(200us, 1);
  EXPECT_EQ(trip.timer(1), 500ms);
  for (int i = 0; i < 20; ++i) trip.add(200us, 1);
  EXPECT_EQ(trip.timer(1), RoundTrip::near_timer);
  trip.add_late(3s);  // somebody pulled the cable
  EXPECT_EQ(trip.timer(1), RoundTrip::near_timer);
}

}  // namespace
