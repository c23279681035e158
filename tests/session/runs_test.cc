// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/runs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace session {
namespace {

using policy::RunKey;
using policy::RunState;
using policy::TokenHash;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr RunKey lab{1, 10};
constexpr std::int64_t start = 1'700'000'000, hour = 3600;
const base::Ip here = *base::Ip::parse("192.0.2.7");

TokenHash token(std::uint8_t number) {
  TokenHash hash{};
  hash[0] = number;
  return hash;
}

class RunsTest : public testing::Test {
 protected:
  Runs::Offer offer(std::uint8_t number = 1, const RunKey& key = lab) {
    return runs.on_offered(key, token(number), here, now);
  }
  void send_image(bool once = false) { runs.on_image_sent(lab, once, now); }
  std::vector<std::string> news() {
    std::vector<std::string> out;
    for (const RunEvent& event : runs.take_events()) out.emplace_back(print(event.news));
    return out;
  }
  std::string life() {
    const policy::Run* const run = runs.find(lab);
    if (run == nullptr) return "none";
    return fmt::format("{}{} {} \"{}\"", policy::print(run->state), run->held ? " held" : "", run->failures,
                       run->message);
  }

  std::int64_t now = start;
  Runs runs{RunTerms{4 * hour, 2}};
};

TEST_F(RunsTest, OfferedStartedDone) {
  EXPECT_EQ(offer(), Runs::Offer::made);
  now += 5;
  send_image();
  now += 600;
  EXPECT_TRUE(runs.on_done(token(1), now));
  EXPECT_THAT(news(), ElementsAre("offered", "started", "done"));
  const policy::Run& run = *runs.find(lab);
  EXPECT_EQ(run.offered, start);
  EXPECT_EQ(run.started, start + 5);
  EXPECT_EQ(run.ended, start + 605);
  EXPECT_EQ(run.address, here);
  EXPECT_EQ(offer(2), Runs::Offer::over) << "the records need not say so yet";
  EXPECT_THAT(news(), IsEmpty());
}

TEST_F(RunsTest, WhatIsSaidTwiceChangesNothing) {
  offer();
  send_image();
  send_image();
  EXPECT_TRUE(runs.on_done(token(1), now));
  news();
  EXPECT_TRUE(runs.on_done(token(1), now + 1));
  EXPECT_TRUE(runs.on_failed(token(1), "late", now + 2));
  EXPECT_THAT(news(), IsEmpty());
  EXPECT_EQ(life(), "done 0 \"\"");
}

TEST_F(RunsTest, AskingTwiceOnTheWayIsOneOffer) {
  offer(1);
  now += 3;
  offer(2);
  EXPECT_THAT(news(), ElementsAre("offered"));
  EXPECT_FALSE(runs.on_done(token(1), now)) << "the first word is worth nothing any more";
  EXPECT_TRUE(runs.on_done(token(2), now)) << "done without a start: the image came from elsewhere";
}

TEST_F(RunsTest, AFailedOneIsOfferedAgainAndThenHeld) {
  for (std::uint8_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(offer(i), Runs::Offer::made) << int{i};
    send_image();
    EXPECT_TRUE(runs.on_failed(token(i), "no disk", now));
  }
  EXPECT_THAT(news(), ElementsAre("offered", "started", "failed", "offered", "started", "failed", "offered",
                                  "started", "failed", "held"));
  EXPECT_EQ(life(), "failed held 3 \"no disk\"");
  EXPECT_EQ(offer(4), Runs::Offer::over);
}

TEST_F(RunsTest, SilenceCountsAsAFailure) {
  offer();
  now += 10;
  send_image();
  now += 4 * hour - 1;
  runs.poll(now);
  EXPECT_EQ(life(), "started 0 \"\"");
  runs.poll(++now);
  EXPECT_EQ(life(), "silent 1 \"no report within 240 minutes\"");
  EXPECT_TRUE(runs.on_failed(token(1), "disk full", now)) << "late, but now it is known why";
  EXPECT_EQ(life(), "failed 1 \"disk full\"");
}

TEST_F(RunsTest, WhoIsOnlyOfferedDoesNotFallSilent) {
  offer();
  runs.poll(now + 100 * hour);
  EXPECT_EQ(life(), "offered 0 \"\"");
}

TEST_F(RunsTest, DoneIsHeardFromWhoFellSilent) {
  offer();
  send_image();
  runs.poll(now += 5 * hour);
  EXPECT_TRUE(runs.on_done(token(1), now));
  EXPECT_EQ(life(), "done 1 \"\"");
}

TEST_F(RunsTest, AMachineThatComesBackHasFallenSilent) {
  for (std::uint8_t i = 1; i <= 3; ++i, now += 900) {
    EXPECT_EQ(offer(i), Runs::Offer::made);
    send_image();
  }
  EXPECT_EQ(offer(4), Runs::Offer::over) << "an installer that never reports must not go on for ever";
  EXPECT_EQ(life(), "silent held 3 \"it came back without a report\"");
}

TEST_F(RunsTest, HeldOnesLetGoWhenTheyAreDoneAfterAll) {
  for (std::uint8_t i = 1; i <= 3; ++i) {
    offer(i);
    runs.on_failed(token(i), "x", now);
  }
  EXPECT_TRUE(runs.on_done(token(3), now));
  EXPECT_EQ(life(), "done 3 \"\"");
}

TEST_F(RunsTest, OnceIsDoneWithItsStart) {
  offer();
  send_image(true);
  EXPECT_THAT(news(), ElementsAre("offered", "started", "done"));
  EXPECT_EQ(offer(2), Runs::Offer::over);
}

TEST_F(RunsTest, WhatSomebodyChoseIsRecordedAndDecidesNothing) {
  runs.on_chosen(lab, false, now);
  EXPECT_EQ(runs.find(lab), nullptr);
  const auto changed = runs.take_changed();
  ASSERT_THAT(changed, SizeIs(1));
  EXPECT_EQ(changed[0].state, RunState::started);
  runs.on_chosen(lab, true, now);
  EXPECT_EQ(life(), "done 0 \"\"");
}

TEST_F(RunsTest, WhatCouldNotBeWrittenComesAgainUnlessItChanged) {
  offer();
  auto first = runs.take_changed();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_FALSE(runs.has_changed());
  runs.not_written(first);
  EXPECT_EQ(runs.take_changed(), first);
  send_image();
  runs.not_written(first);
  const auto second = runs.take_changed();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].state, RunState::started);
}

TEST_F(RunsTest, ARestartLosesNothing) {
  offer();
  send_image();
  Runs after{RunTerms{4 * hour, 2}};
  for (const policy::Run& run : runs.take_changed()) after.load(run);
  EXPECT_EQ(*after.find(lab), *runs.find(lab));
  after.poll(now + 4 * hour);
  EXPECT_EQ(after.find(lab)->state, RunState::silent);
  EXPECT_TRUE(after.on_done(token(1), now));
}

TEST_F(RunsTest, EndedOnesLingerUntilTheyAreWritten) {
  offer();
  runs.on_done(token(1), now);
  runs.poll(now += Runs::lingers);
  EXPECT_NE(runs.find(lab), nullptr) << "no record says yet that it is over";
  runs.take_changed();
  runs.poll(now);
  EXPECT_EQ(runs.find(lab), nullptr);
  EXPECT_FALSE(runs.on_done(token(1), now));
}

TEST_F(RunsTest, AnAdministratorBeginsAnew) {
  offer(1);
  offer(2, {1, 11});
  offer(3, {2, 10});
  runs.forget(1, 11);
  EXPECT_THAT(runs, SizeIs(2));
  runs.forget(1);
  EXPECT_THAT(runs, SizeIs(1));
  EXPECT_THAT(runs.take_changed(), SizeIs(1)) << "nothing of it is written any more";
  EXPECT_FALSE(runs.on_done(token(1), now));
  EXPECT_EQ(offer(4), Runs::Offer::made);
}

TEST(Runs, AFullTableKeepsThoseUnderWay) {
  Runs runs(RunTerms{}, 3);
  for (std::int64_t device = 1; device <= 3; ++device) {
    runs.on_offered({device, 10}, token(static_cast<std::uint8_t>(device)), here, start);
  }
  EXPECT_EQ(runs.on_offered({4, 10}, token(4), here, start), Runs::Offer::full);
  runs.on_done(token(2), start);
  EXPECT_EQ(runs.on_offered({4, 10}, token(4), here, start), Runs::Offer::made);
  EXPECT_THAT(runs, SizeIs(3));
  EXPECT_EQ(runs.find({2, 10}), nullptr);
}

TEST(Runs, TermsMayChangeMeanwhile) {
  Runs runs(RunTerms{4 * hour, 3});
  runs.on_offered(lab, token(1), here, start);
  runs.on_image_sent(lab, false, start);
  runs.set_terms({hour, 0});
  runs.poll(start + hour);
  EXPECT_TRUE(runs.find(lab)->held);
}

}  // namespace
}  // namespace session
