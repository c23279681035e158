// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/run.h"

#include <gtest/gtest.h>

#include "sites.h"

namespace policy {
namespace {

TEST(RunState, EachHasAName) {
  for (const auto state :
       {RunState::offered, RunState::started, RunState::done, RunState::failed, RunState::silent}) {
    EXPECT_EQ(parse_run_state(print(state)), state);
  }
  EXPECT_FALSE(parse_run_state("held"));
  EXPECT_FALSE(parse_run_state(""));
}

TEST(RunKind, OfADeployment) {
  Deployment one = deployment(1, ToAll{}, Purpose::required);
  EXPECT_EQ(run_kind(one), RunKind::decides);
  one.purpose = Purpose::available;
  EXPECT_EQ(run_kind(one), RunKind::recorded);
  one.again = true;
  EXPECT_EQ(run_kind(one), RunKind::none);
  one.purpose = Purpose::required;
  EXPECT_EQ(run_kind(one), RunKind::none);
}

TEST(Snapshot, FindsDeploymentsAndWhatTheyBoot) {
  SiteModel model;
  model.images = {image(1), image(2)};
  model.task_sequences = {{5, "steps", 2, {}}, {6, "of nothing", 9, {}}};
  model.deployments = {deployment(9, ToAll{}, Purpose::required, 1), deployment(3, ToAll{}),
                       deployment(4, ToAll{}), deployment(5, ToAll{}),
                       deployment(6, ToAll{}, Purpose::available, 7)};
  model.deployments[1].what = ToRun{5};
  model.deployments[2].what = ToRun{6};
  model.deployments[3].what = ToRun{8};
  const Snapshot s = site(model);
  ASSERT_NE(s.deployment(9), nullptr);
  EXPECT_EQ(s.deployment(9)->name, "d9");
  EXPECT_EQ(s.deployment(1), nullptr);
  EXPECT_EQ(s.image_of(*s.deployment(9))->id, 1);
  EXPECT_EQ(s.image_of(*s.deployment(3))->id, 2);
  for (const std::int64_t gone : {4, 5, 6}) EXPECT_EQ(s.image_of(*s.deployment(gone)), nullptr) << gone;
}

}  // namespace
}  // namespace policy
