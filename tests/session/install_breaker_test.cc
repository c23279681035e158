// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/install_breaker.h"

#include <gtest/gtest.h>

namespace session {
namespace {

using Verdict = InstallBreaker::Verdict;
constexpr std::int64_t start = 1'700'000'000;

TEST(InstallBreaker, ByDefaultAnyNumberBegins) {
  InstallBreaker breaker;
  for (int i = 0; i < 100'000; ++i) breaker.on_begun(start);
  EXPECT_EQ(breaker.verdict(start), Verdict::go_on);
}

TEST(InstallBreaker, SoManyWithinATime) {
  InstallBreaker breaker({3, 60, 10});
  for (const int at : {0, 10, 20}) {
    EXPECT_EQ(breaker.verdict(start + at), Verdict::go_on) << at;
    breaker.on_begun(start + at);
  }
  EXPECT_EQ(breaker.verdict(start + 20), Verdict::too_many);
  EXPECT_EQ(breaker.verdict(start + 59), Verdict::too_many);
  EXPECT_EQ(breaker.verdict(start + 60), Verdict::go_on) << "the first is an hour ago";
  breaker.on_begun(start + 60);
  EXPECT_EQ(breaker.verdict(start + 60), Verdict::too_many);
  breaker.reset();
  EXPECT_EQ(breaker.verdict(start + 60), Verdict::go_on);
}

TEST(InstallBreaker, SoManyFailuresInARowUntilSomebodyLooks) {
  InstallBreaker breaker({0, 60, 3});
  breaker.on_failed(start);
  breaker.on_failed(start);
  breaker.on_done();
  breaker.on_failed(start);
  breaker.on_failed(start);
  EXPECT_EQ(breaker.verdict(start), Verdict::go_on);
  breaker.on_failed(start + 5);
  EXPECT_EQ(breaker.verdict(start + 5), Verdict::too_many_failures);
  EXPECT_EQ(breaker.mark(), (policy::BreakerMark{3, start + 5}));
  breaker.on_done();
  EXPECT_EQ(breaker.verdict(start + 1'000'000), Verdict::too_many_failures) << "time heals nothing here";
  InstallBreaker after_a_restart({0, 60, 3});
  after_a_restart.load(breaker.mark());
  EXPECT_EQ(after_a_restart.verdict(start), Verdict::too_many_failures);
  breaker.reset();
  EXPECT_EQ(breaker.verdict(start), Verdict::go_on);
  EXPECT_EQ(breaker.mark(), policy::BreakerMark{});
}

TEST(InstallBreaker, NewTermsHoldAtOnce) {
  InstallBreaker breaker({3, 60, 0});
  for (int i = 0; i < 3; ++i) breaker.on_begun(start);
  for (int i = 0; i < 100; ++i) breaker.on_failed(start);
  EXPECT_EQ(breaker.verdict(start), Verdict::too_many);
  breaker.set_terms({2, 60, 0});
  EXPECT_EQ(breaker.verdict(start), Verdict::too_many);
  breaker.set_terms({4, 60, 0});
  EXPECT_EQ(breaker.verdict(start), Verdict::go_on);
}

}  // namespace
}  // namespace session
