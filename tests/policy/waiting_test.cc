// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/waiting.h"

#include <gtest/gtest.h>

#include "policy/recipe.h"

namespace policy {
namespace {

TEST(Waiting, EveryKindHasItsRowAndEvidence) {
  ASSERT_EQ(waitings().size(), recipes().size());
  for (const Recipe& recipe : recipes()) {
    const Waiting& waiting = waiting_of(recipe.kind);
    EXPECT_EQ(waiting.kind, recipe.kind);
    EXPECT_FALSE(waiting.evidence.empty()) << print(recipe.kind);
    EXPECT_EQ(waiting.by == WaitsBy::offer, waiting.listens_for > base::Duration{}) << print(recipe.kind);
    EXPECT_EQ(waiting.by == WaitsBy::offer, waiting.answered_from > base::Duration{}) << print(recipe.kind);
  }
}

TEST(Waiting, WhoIsToldWhat) {
  EXPECT_EQ(explain(Hold{1, 3}), "1 machine is loading; this one is number 3 in the queue");
  EXPECT_EQ(explain(Hold{50, 1}), "50 machines are loading; this one is number 1 in the queue");
  EXPECT_EQ(print(WaitsBy::offer), "offer");
  EXPECT_EQ(print(WaitsBy::script), "script");
  EXPECT_EQ(print(WaitsBy::transfer), "transfer");
}

}  // namespace
}  // namespace policy
