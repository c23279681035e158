// SPDX-License-Identifier: GPL-3.0-or-later
// Runs: no records, but kept as durably, and gone with what they are about.
#include "conformance.h"

namespace store_test {
namespace {

using policy::RunState;
using store::Put;
using store::RunQuery;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(ConformanceOfRuns, AllOfOneIsKept) {
  policy::Run one = run(0, 0, RunState::failed);
  one.held = true;
  one.started = 1'700'000'010;
  one.ended = 1'700'000'600;
  one.failures = 4;
  one.message = "no disk: it's \"gone\" ü";
  one.token.emplace().fill(0xa5);
  one.address = *base::Ip::parse("2001:db8::7");
  const policy::Run plain = run(1, 1);
  ASSERT_TRUE(store->put_runs(std::vector{one, plain}));
  reopen();
  EXPECT_THAT(runs(), ElementsAre(one, plain));
}

TEST_P(ConformanceOfRuns, OneInPlaceOfTheOther) {
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0)}));
  const policy::Run later = run(0, 0, RunState::started);
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0, RunState::done), later}));
  EXPECT_THAT(runs(), ElementsAre(later));
}

TEST_P(ConformanceOfRuns, WhichAreAskedFor) {
  policy::Run held = run(0, 1, RunState::silent);
  held.held = true;
  policy::Run started = run(1, 0, RunState::started);
  started.offered += 500;
  const policy::Run done = run(0, 0, RunState::done), failed = run(2, 0, RunState::failed);
  ASSERT_TRUE(store->put_runs(std::vector{failed, started, held, done}));
  EXPECT_THAT(runs(), ElementsAre(done, held, started, failed));
  RunQuery query;
  query.device = devices[0];
  EXPECT_THAT(runs(query), ElementsAre(done, held));
  query.state = RunState::silent;
  EXPECT_THAT(runs(query), ElementsAre(held));
  query = {};
  query.open = true;
  EXPECT_THAT(runs(query), ElementsAre(started, failed));
  query = {};
  query.offered_from = started.offered;
  EXPECT_THAT(runs(query), ElementsAre(started));
  ++query.offered_from;
  EXPECT_THAT(runs(query), IsEmpty());
  query = {};
  query.count = 2;
  EXPECT_THAT(runs(query), ElementsAre(done, held));
  query.after = held.key;
  EXPECT_THAT(runs(query), ElementsAre(started, failed));
}

TEST_P(ConformanceOfRuns, TheyGoWithTheirDeviceAndTheirDeployment) {
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0), run(0, 1), run(1, 0), run(2, 1)}));
  ASSERT_TRUE(apply({store::Remove{store::Kind::deployment, deployments[0], {}}}));
  EXPECT_THAT(runs(), ElementsAre(run(0, 1), run(2, 1)));
  ASSERT_TRUE(apply({store::Remove{store::Kind::device, devices[0], {}}}));
  EXPECT_THAT(runs(), ElementsAre(run(2, 1)));
  // Written too late: nothing is left of it, and the others are written.
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 1), run(1, 0), run(1, 1)}));
  EXPECT_THAT(runs(), ElementsAre(run(1, 1), run(2, 1)));
}

TEST_P(ConformanceOfRuns, AChangedDeviceKeepsThem) {
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0)}));
  policy::Device changed = device("renamed", "52:54:00:00:00:01");
  changed.id = devices[0];
  ASSERT_TRUE(apply({Put{changed, {}}}));
  EXPECT_THAT(runs(), SizeIs(1));
}

TEST_P(ConformanceOfRuns, Removed) {
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0), run(0, 1), run(1, 0)}));
  ASSERT_TRUE(store->remove_runs(devices[0], deployments[1]));
  EXPECT_THAT(runs(), ElementsAre(run(0, 0), run(1, 0)));
  ASSERT_TRUE(store->remove_runs(devices[0], 0));
  EXPECT_THAT(runs(), ElementsAre(run(1, 0)));
  ASSERT_TRUE(store->remove_runs(999'999, 0));
}

TEST_P(ConformanceOfRuns, WhatStopsThemAllIsKept) {
  EXPECT_EQ(store->breaker().value(), policy::BreakerMark{});
  const policy::BreakerMark mark{11, 1'700'000'000};
  ASSERT_TRUE(store->put_runs({}, mark));
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0)}));
  reopen();
  EXPECT_EQ(store->breaker().value(), mark);
}

TEST_P(ConformanceOfRuns, TheyAreNoRecords) {
  const auto before = all();
  const auto events = store->events(0, 1000).value();
  ASSERT_TRUE(store->put_runs(std::vector{run(0, 0)}));
  EXPECT_EQ(all(), before);
  EXPECT_EQ(store->events(0, 1000).value(), events);
}

}  // namespace
}  // namespace store_test
