// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace session {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const base::Time start{std::chrono::hours(1)};

TEST(RateLimit, IsKeptToOverASecond) {
  RateLimit limit(100'000'000);
  base::Time now = start;
  std::uint64_t sent = 0;
  while (now < start + std::chrono::seconds(1)) {
    now = std::max(now, limit.reserve(64'000, now));
    sent += 64'000;
  }
  EXPECT_NEAR(static_cast<double>(sent), 100e6, 1e6);
}

TEST(RateLimit, WhoeverComesFirstGoesFirst) {
  RateLimit limit(1'000'000);
  base::Time before = limit.reserve(10'000, start);
  EXPECT_LE(before, start);
  for (int i = 0; i < 10; ++i) {
    const base::Time when = limit.reserve(10'000, start);
    EXPECT_EQ(when - before, milliseconds(10));
    before = when;
  }
}

TEST(RateLimit, AnIdleHourIsNotMadeUpFor) {
  RateLimit limit(1'000'000);
  limit.reserve(1'000, start - std::chrono::hours(1));
  base::Time when{};
  int at_once = 0;
  while ((when = limit.reserve(1'000, start)) <= start) ++at_once;
  EXPECT_EQ(at_once, 1 + RateLimit::burst / milliseconds(1));
}

TEST(RateLimit, ThreadsShareItExactly) {
  RateLimit limit(1'000'000'000);  // an octet a nanosecond
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) limit.reserve(100, start);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limit.reserve(1, start), start - RateLimit::burst + std::chrono::nanoseconds(4 * 10'000 * 100));
}

}  // namespace
}  // namespace session
