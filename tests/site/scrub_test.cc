// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/scrub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>

#include "../content/scratch.h"

namespace site {
namespace {

using namespace std::chrono_literals;

const base::Sha256 some = base::sha256("some");

bool soon(const std::function<bool()>& so) {
  for (int i = 0; i < 1000; ++i) {
    if (so()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

TEST(ScrubState, SurvivesItsReading) {
  for (const ScrubState& state : {ScrubState{}, ScrubState{1767225600, some, 2}, ScrubState{1, {}, 0}})
    EXPECT_EQ(parse_scrub_state(print(state)), state);
  EXPECT_EQ(print({1767225600, {}, 0}), "finished 1767225600\ndamaged 0\n");
  EXPECT_EQ(parse_scrub_state("finished x\nafter zz\nodd\n\ndamaged -1"), ScrubState{});
}

class ScrubTest : public testing::Test {
 protected:
  // Passes are counted; each finds one damaged file.
  void start(Scrub::Pace pace = {.look_every = 5ms}) {
    scrub.reset();
    scrub = std::make_unique<Scrub>(
        scratch.path("scrub"),
        [this](content::Library::Verify wish) -> base::Result<std::uint64_t> {
          after = wish.after;
          rate = wish.octets_per_second;
          wish.progress(5, 10);
          if (hold) {
            wish.passed(some);
            while (!wish.stop.stop_requested()) std::this_thread::sleep_for(1ms);
            ++passes;
            return 0;
          }
          ++passes;
          return 1;
        },
        pace);
  }
  [[nodiscard]] ScrubState kept() const { return parse_scrub_state(read_text(scratch.path("scrub"))); }

  Scratch scratch;
  std::atomic<int> passes = 0;
  std::atomic<bool> hold = false;
  std::atomic<std::uint64_t> rate = 0;
  std::optional<base::Sha256> after;
  std::unique_ptr<Scrub> scrub;
};

TEST_F(ScrubTest, OnePassAndThenAWeekOfRest) {
  const std::int64_t before = std::time(nullptr);
  start();
  ASSERT_TRUE(soon([&] { return scrub->report().finished >= before; }));
  EXPECT_EQ(scrub->report().damaged, 1U);
  EXPECT_FALSE(scrub->report().running);
  EXPECT_EQ(rate, 32U << 20U);
  EXPECT_EQ(kept().damaged, 1U);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(passes, 1);
  start();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(passes, 1) << "a start is no reason to read all again";
  EXPECT_GE(scrub->report().finished, before);
}

TEST_F(ScrubTest, GoesOnWhereItStoodAndStopsAtOnce) {
  hold = true;
  start();
  ASSERT_TRUE(soon([&] { return scrub->report().running; }));
  EXPECT_EQ(scrub->report().done, 5U);
  EXPECT_EQ(scrub->report().total, 10U);
  scrub.reset();
  EXPECT_EQ(kept(), (ScrubState{0, some, 0}));
  hold = false;
  start();
  ASSERT_TRUE(soon([&] { return passes == 2; }));
  EXPECT_EQ(after, some);
  ASSERT_TRUE(soon([&] { return scrub->report().finished > 0; }));
  EXPECT_EQ(kept().after, std::nullopt);
}

TEST_F(ScrubTest, PassesComeAgain) {
  start({.every = 0s, .look_every = 5ms});
  EXPECT_TRUE(soon([&] { return passes >= 3; }));
}

}  // namespace
}  // namespace site
