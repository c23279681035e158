// SPDX-License-Identifier: GPL-3.0-or-later
#include "runs_fixture.h"

#include "site/run_keeper.h"
#include "store/sqlite.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: a machine and its site
using policy::RunEnd;
using policy::RunMark;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using RunsTest = RunsSite;

TEST_F(RunsTest, OfferedStartedDoneAndThenTheDisk) {
  EXPECT_TRUE(boots());
  EXPECT_THAT(token, SizeIs(32));
  EXPECT_EQ(life(), "lab offered 0");
  fetch_image();
  EXPECT_EQ(life(), "lab started 0");
  EXPECT_THAT(marks(), IsEmpty());
  runs->done(hash());
  EXPECT_EQ(life(), "lab done 0");
  EXPECT_THAT(marks(), ElementsAre(RunMark{deployment, RunEnd::done}));
  EXPECT_THAT(script(), HasSubstr("nothing-to-do"));
  EXPECT_THAT(verbs(), Contains("the machine done"));
  const auto items = list();
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_EQ(items[0].device, "52-54-00-12-34-56");
  EXPECT_EQ(items[0].image, "debian");
  const std::string pc = "info    run: 52-54-00-12-34-56: deployment \"lab\" ";
  const auto lines = log.take();
  for (const char* what : {"offered", "started", "done"}) EXPECT_THAT(lines, Contains(pc + what));
}

TEST_F(RunsTest, DoneCountsBeforeItIsWritten) {
  script();
  fetch_image();
  registrar->post(
      [this](site::Administration&) { EXPECT_FALSE(boots()) << "the records say nothing of it yet"; });
  runs->done(hash());
  wait();
  EXPECT_EQ(life(), "lab done 0");
}

TEST_F(RunsTest, AFailedOneIsOfferedAgainAndThenHeldAndAnAdministratorBeginsAnew) {
  for (int tries = 1; tries <= 4; ++tries) {
    EXPECT_TRUE(boots()) << tries;
    fetch_image();
    runs->failed(hash(), "no disk");
  }
  EXPECT_EQ(life(), "lab failed held 4");
  EXPECT_EQ(list()[0].run.message, "no disk");
  EXPECT_THAT(marks(), ElementsAre(RunMark{deployment, RunEnd::held}));
  EXPECT_FALSE(boots());
  EXPECT_THAT(verbs(), Contains("the server held"));
  ASSERT_TRUE(runs->rerun(*admin, device, 0, "anna"));
  EXPECT_THAT(marks(), IsEmpty());
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(verbs(), Contains("anna rerun"));
  EXPECT_TRUE(boots());
  EXPECT_EQ(life(), "lab offered 0");
}

TEST_F(RunsTest, ARestartLosesNothing) {
  script();
  fetch_image();
  const std::string word = token;
  restart();
  EXPECT_EQ(life(), "lab started 0");
  ASSERT_TRUE(runs->behind(hash()));
  EXPECT_EQ(runs->behind(hash())->address, base::Ip(here));
  unix_now += 5 * 3600;
  runs->poll();
  EXPECT_EQ(life(), "lab silent 1");
  restart();
  EXPECT_TRUE(boots());
  EXPECT_EQ(life(), "lab offered 1");
  EXPECT_NE(token, word);
  runs->done(hash());
  restart();
  EXPECT_FALSE(boots());
  EXPECT_EQ(life(), "lab done 1");
}

TEST_F(RunsTest, OneThatComesBackWithoutAWordDoesNotGoOnForEver) {
  for (int tries = 1; tries <= 4; ++tries) {
    EXPECT_TRUE(boots()) << tries;
    fetch_image();
  }
  EXPECT_FALSE(boots()) << "at once, though it is not in the records yet";
  EXPECT_THAT(marks(), ElementsAre(RunMark{deployment, RunEnd::held}));
}

TEST_F(RunsTest, WhoOnlyLooksBeginsNothing) {
  EXPECT_THAT(script(/*only_looks=*/true), HasSubstr("kernel http"));
  EXPECT_EQ(token, "");
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(RunsTest, WhatBootsAgainAndAgainHasNoRun) {
  policy::Deployment again = deployment_record();
  again.again = true;
  put(again);
  EXPECT_TRUE(boots());
  EXPECT_EQ(token, "");
  fetch_image();
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(RunsTest, WhatIsChosenIsRecorded) {
  policy::Deployment available = deployment_record();
  available.purpose = policy::Purpose::available;
  put(available);
  EXPECT_TRUE(boots());
  EXPECT_EQ(token, "");
  EXPECT_THAT(list(), IsEmpty());
  fetch_image();
  EXPECT_EQ(life(), "lab started 0");
  EXPECT_THAT(marks(), IsEmpty());
  EXPECT_TRUE(boots());
  restart();
  unix_now += 100 * 3600;
  runs->poll();
  EXPECT_EQ(life(), "lab started 0") << "nobody waits for its report";
}

TEST_F(RunsTest, OnceIsOnce) {
  policy::Deployment once = deployment_record();
  once.purpose = policy::Purpose::available;
  once.once = true;
  put(once);
  EXPECT_TRUE(boots());
  EXPECT_TRUE(boots()) << "it has not started";
  fetch_image();
  EXPECT_EQ(life(), "lab done 0");
  EXPECT_THAT(script(), HasSubstr("nothing-to-do"));
}

TEST_F(RunsTest, WithoutHttpThereIsNoWordAndTheRunLivesAllTheSame) {
  policy::Settings settings;
  settings.http = false;
  ASSERT_TRUE(admin->set_settings(settings));
  seen_at(machines, machine(first), here, now);
  const auto found = files->find("grub/machine/52:54:00:12:34:56.cfg", {here, us, eth0}, now);
  EXPECT_THAT(std::get<TextBehindName>(found).text, Not(HasSubstr("bootferry.report")));
  EXPECT_EQ(life(), "lab offered 0");
}

TEST_F(RunsTest, AnImageThatAnotherServerSendsStartsWithItsScript) {
  policy::Settings settings;
  settings.images_port = 81;
  ASSERT_TRUE(admin->set_settings(settings));
  EXPECT_TRUE(boots());
  EXPECT_EQ(life(), "lab started 0");
}

TEST_F(RunsTest, ADeploymentThatIsGoneLeavesNothing) {
  script();
  wait();
  ASSERT_TRUE(admin->apply({"admin", "", {store::Remove{store::Kind::deployment, deployment, {}}}}));
  runs->done(hash());
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(marks(), IsEmpty());
  EXPECT_THAT(runs->problems(), IsEmpty());
}

TEST_F(RunsTest, WhileTheDatabaseIsLockedBootsGoOnAndItIsWrittenLater) {
  // Waited for, for five seconds: long enough for this test, so it is made to fail otherwise.
  auto database = store::Database::open(scratch.path("state/bootferry.db"));
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->script("CREATE TRIGGER no INSERT ON runs BEGIN SELECT raise(ABORT, 'not now'); END"));
  EXPECT_TRUE(boots());
  fetch_image();
  runs->done(hash());
  wait();
  EXPECT_THAT(runs->problems(), ElementsAre(HasSubstr("not now")));
  EXPECT_FALSE(boots()) << "done is done";
  ASSERT_TRUE(database->script("DROP TRIGGER no"));
  runs->poll();
  EXPECT_EQ(life(), "lab done 0");
  EXPECT_THAT(runs->problems(), IsEmpty());
}

TEST_F(RunsTest, ADeviceThatCannotBeMarkedKeepsNobodyFromTheirs) {
  const std::int64_t other = put(boot_test::device(0, second));
  policy::Device full = boot_test::device(device, first);
  policy::DeviceExtras more;
  std::vector<store::Step> steps;
  for (std::size_t i = 0; i < 4096; ++i) {  // as many marks as a record may have
    policy::Deployment one = deployment_record();
    one.id = -static_cast<std::int64_t>(i) - 1;
    one.name = fmt::format("old {}", i);
    steps.emplace_back(store::Put{one, {}});
    more.runs.push_back({one.id, RunEnd::done});
  }
  full.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
  steps.emplace_back(store::Put{full, {}});
  ASSERT_TRUE(admin->apply({"admin", "", std::move(steps)}));
  policy::Run done, also;
  done.key = {device, deployment};
  also.key = {other, deployment};
  done.state = also.state = policy::RunState::done;
  ASSERT_TRUE(keep_runs(*admin, std::vector{done, also}, {}));
  EXPECT_THAT(admin->site()->policy.device(other)->extras().runs,
              ElementsAre(RunMark{deployment, RunEnd::done}));
  EXPECT_THAT(list(), SizeIs(2));
  EXPECT_THAT(log.take(), Contains(HasSubstr("error   run: not recorded: device \"52-54-00-12-34-56\"")));
}

class BreakerTest : public RunsSite {
 protected:
  BreakerTest() : RunsSite({{4 * 3600, 100}, {0, 3600, 3}, {}}) {}
};

TEST_F(BreakerTest, FailuresInARowStopWhatHasNotBegun) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(runs->now().installs_stopped);
    EXPECT_TRUE(boots());
    runs->failed(hash(), "x");
  }
  EXPECT_TRUE(runs->now().installs_stopped);
  EXPECT_THAT(script(), HasSubstr("installs-stopped"));
  EXPECT_EQ(counter("runs.stopped"), 1U);
  EXPECT_THAT(runs->problems(), ElementsAre(HasSubstr("required deployment")));
  EXPECT_THAT(log.take(),
              Contains(HasSubstr("warning run: required deployments are stopped: 3 failed in a row")));
  wait();
  restart();
  EXPECT_TRUE(runs->now().installs_stopped) << "a restart is no administrator";
  runs->reset_breaker("anna");
  EXPECT_TRUE(boots());
  wait();
  restart();
  EXPECT_FALSE(runs->now().installs_stopped);
}

class RateTest : public RunsSite {
 protected:
  RateTest() : RunsSite({{}, {1, 60, 0}, {}}) {
    other_device = put(boot_test::device(0, second));
    policy::Deployment another = deployment_record();
    another.id = 0;
    another.name = "hall";
    another.target = policy::ToDevice{other_device};
    put(another);
  }
  std::string script_of_second() {
    seen_at(machines, machine(second), elsewhere, now);
    const auto found = files->find("ipxe/52-54-00-12-34-57.ipxe", {elsewhere, us, eth0}, now);
    return std::get<TextBehindName>(found).text;
  }
  std::int64_t other_device = 0;
};

TEST_F(RateTest, SoManyBeginWithinATime) {
  EXPECT_TRUE(boots());
  EXPECT_TRUE(boots()) << "it has begun already";
  EXPECT_THAT(script_of_second(), HasSubstr("installs-stopped"));
  wait();
  restart();
  EXPECT_THAT(script_of_second(), HasSubstr("installs-stopped")) << "a restart forgets nobody";
  EXPECT_TRUE(boots());
  fetch_image();
  EXPECT_EQ(counter("runs.started"), 1U) << "nor is it stopped on its way";
  wait();
  restart();
  EXPECT_THAT(script_of_second(), HasSubstr("installs-stopped"));
  unix_now += 60;
  runs->poll();
  EXPECT_THAT(script_of_second(), HasSubstr("kernel http"));
}

class LoopTest : public RunsSite {
 protected:
  LoopTest() : RunsSite({{}, {}, {3, std::chrono::minutes(10), true}}) {
    policy::Deployment again = deployment_record();
    again.again = true;
    put(again);
  }
};

TEST_F(LoopTest, AMachineThatBootsOverAndOverGoesToItsDisk) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(boots()) << i;
    fetch_image();
    now += std::chrono::minutes(2);
  }
  EXPECT_THAT(script(), HasSubstr("boots-too-often"));
  EXPECT_THAT(log.take(), Contains(HasSubstr("has booted from the network 3 times within 10 minutes")));
  EXPECT_EQ(counter("runs.boot-loops"), 1U);
  EXPECT_THAT(runs->problems(),
              ElementsAre(HasSubstr("52:54:00:12:34:56: boots from the network over and over")));
  now += std::chrono::minutes(9);
  EXPECT_TRUE(boots());
  fetch_image();
  for (int i = 0; i < 2; ++i) fetch_image();
  EXPECT_FALSE(boots());
  ASSERT_TRUE(runs->rerun(*admin, device, 0, "anna"));
  EXPECT_TRUE(boots()) << "somebody looked at it";
  auto only_said = terms;
  only_said.counts.to_disk = false;
  runs->set_terms(only_said);
  for (int i = 0; i < 5; ++i) fetch_image();
  EXPECT_TRUE(boots());
}

TEST(Token, Is128BitsThatNobodyGuesses) {
  const std::string one = site::new_token(), two = site::new_token();
  EXPECT_THAT(one, SizeIs(32));
  EXPECT_EQ(one.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(one, two);
  std::string hex;
  for (const auto octet : site::hash_of("abc")) hex += fmt::format("{:02x}", octet);
  EXPECT_EQ(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

}  // namespace
}  // namespace server
