// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/probe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto tftp = ProbedService::tftp;
constexpr auto boot_service = ProbedService::boot_service;

ProbeTarget target(std::int64_t server, std::string file = "boot.0") {
  return {
      server, fmt::format("s{}", server), {{10, 0, 0, static_cast<std::uint8_t>(server)}}, std::move(file)};
}

class ProbesTest : public testing::Test {
 protected:
  // Until that time, with answers by those that live.
  void run(base::Duration length) {
    const base::Time end = now + length;
    while (now < end) {
      for (const ProbeQuestion& question : probes.poll(now)) {
        ++asked;
        const bool lives = question.service == tftp ? tftp_lives : boot_service_lives;
        if (lives) probes.on_answer(question.server, question.service, now);
      }
      const auto wake = probes.wake_at();
      ASSERT_TRUE(wake);
      ASSERT_GT(*wake, now) << "it would spin";
      now = std::min(*wake, end);
    }
    for (const ProbeEvent& event : probes.take_events()) said.push_back(event.died ? "died" : "back");
  }

  base::Time now{std::chrono::hours(24)};
  Probes probes{seconds(30)};
  bool tftp_lives = true, boot_service_lives = true;
  int asked = 0;
  std::vector<std::string> said;
};

TEST_F(ProbesTest, WithoutServersThereIsNothingToDo) {
  EXPECT_THAT(probes.poll(now), IsEmpty());
  EXPECT_FALSE(probes.wake_at());
  EXPECT_THAT(probes.dead(), IsEmpty());
}

TEST_F(ProbesTest, EachServerIsAskedForBothServicesAtItsTime) {
  probes.set_targets({target(1), target(2)}, now);
  const auto first = probes.poll(now);
  ASSERT_THAT(first, SizeIs(2)) << "not all at one moment";
  EXPECT_EQ(first[0].service, tftp);
  EXPECT_EQ(first[0].file, "boot.0");
  EXPECT_EQ(first[1].service, boot_service);
  EXPECT_EQ(first[1].server, 1);
  now = *probes.wake_at();
  EXPECT_THAT(probes.poll(now), SizeIs(2));
  run(seconds(60));
  EXPECT_THAT(said, IsEmpty());
  EXPECT_TRUE(probes.health()[0].tftp.answered_ever);
}

TEST_F(ProbesTest, ThreeFailuresKillAndOneAnswerBringsBack) {
  probes.set_targets({target(1)}, now);
  run(seconds(29));
  EXPECT_EQ(asked, 2);
  tftp_lives = false;
  run(seconds(60));
  EXPECT_THAT(said, IsEmpty()) << "two rounds are not enough";
  EXPECT_EQ(probes.health()[0].tftp.failures, 2U);
  run(seconds(30));
  EXPECT_THAT(said, ElementsAre("died"));
  EXPECT_THAT(probes.dead(), ElementsAre(1));
  EXPECT_EQ(probes.health()[0].tftp.error, "no answer");
  run(seconds(300));
  EXPECT_THAT(said, ElementsAre("died")) << "once";
  tftp_lives = true;
  run(seconds(30));
  EXPECT_THAT(said, ElementsAre("died", "back"));
  EXPECT_THAT(probes.dead(), IsEmpty());
  EXPECT_TRUE(probes.health()[0].tftp.error.empty());
}

TEST_F(ProbesTest, ALostDatagramIsSentAgain) {
  probes.set_targets({target(1)}, now);
  EXPECT_FALSE(probes.poll(now)[0].again);
  now += Probes::longest_wait;
  const auto again = probes.poll(now);
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_TRUE(again[0].again);
  probes.on_answer(1, tftp, now);
  probes.on_answer(1, boot_service, now);
  EXPECT_EQ(probes.health()[0].tftp.failures, 0U);
  EXPECT_EQ(*probes.wake_at(), base::Time{std::chrono::hours(24)} + seconds(30));
}

TEST_F(ProbesTest, APlainTftpServerIsAliveWithoutABootService) {
  boot_service_lives = false;
  probes.set_targets({target(1)}, now);
  run(seconds(300));
  EXPECT_THAT(said, IsEmpty());
  EXPECT_GT(probes.health()[0].boot_service.failures, 5U);
}

TEST_F(ProbesTest, ABootServiceThatFellSilentCounts) {
  probes.set_targets({target(1)}, now);
  run(seconds(10));
  boot_service_lives = false;
  run(seconds(90));
  EXPECT_THAT(said, ElementsAre("died"));
  boot_service_lives = true;
  run(seconds(30));
  EXPECT_THAT(said, ElementsAre("died", "back"));
}

TEST_F(ProbesTest, ARefusalFailsAtOnceAndSaysWhy) {
  probes.set_targets({target(1)}, now);
  for (int round = 0; round < 3; ++round) {
    ASSERT_THAT(probes.poll(now), SizeIs(2));
    probes.on_failure(1, tftp, "the file is not there", now);
    probes.on_answer(1, boot_service, now);
    now += seconds(30);
  }
  EXPECT_THAT(probes.dead(), ElementsAre(1));
  EXPECT_EQ(probes.health()[0].tftp.error, "the file is not there");
}

TEST_F(ProbesTest, AnswersToNoQuestionAreNoNews) {
  probes.set_targets({target(1)}, now);
  probes.on_answer(1, tftp, now);
  probes.on_failure(1, boot_service, "x", now);
  probes.on_answer(77, tftp, now);
  EXPECT_FALSE(probes.health()[0].tftp.asked);
  ASSERT_THAT(probes.poll(now), SizeIs(2));
  probes.on_answer(1, tftp, now);
  for (int i = 0; i < 5; ++i) probes.on_failure(1, tftp, "forged", now);
  EXPECT_EQ(probes.health()[0].tftp.failures, 0U);
}

TEST_F(ProbesTest, WhoStaysKeepsItsState) {
  tftp_lives = false;
  probes.set_targets({target(1), target(2)}, now);
  run(seconds(90));
  EXPECT_THAT(probes.dead(), ElementsAre(1, 2));
  probes.set_targets({target(2), target(3)}, now);
  EXPECT_THAT(probes.dead(), ElementsAre(2));
  probes.set_targets({target(2, "other.0"), target(3)}, now);
  EXPECT_THAT(probes.dead(), IsEmpty()) << "another question";
}

TEST_F(ProbesTest, QuestionsEndBeforeTheNextOnesHoweverOftenTheyCome) {
  probes = Probes(seconds(1));
  tftp_lives = boot_service_lives = false;
  probes.set_targets({target(1)}, now);
  run(milliseconds(2900));
  EXPECT_THAT(said, ElementsAre("died"));
  EXPECT_EQ(asked, 2 * 3 * 3);
}

}  // namespace
}  // namespace session
