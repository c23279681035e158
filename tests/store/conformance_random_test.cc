// SPDX-License-Identifier: GPL-3.0-or-later
// Batch upon batch from a seed, held against a model in memory.
#include <cstdlib>

#include "conformance.h"
#include "random_batches.h"

namespace store_test {
namespace {

TEST_P(Conformance, DoesWhatTheModelDoes) {
  // BOOTFERRY_SEEDS for more of them.
  const char* const wanted = std::getenv("BOOTFERRY_SEEDS");
  const std::uint64_t seeds = wanted == nullptr ? 8 : std::strtoull(wanted, nullptr, 10);
  std::size_t taken = 0;
  std::map<Why, std::size_t> refused;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    place = GetParam().make();
    reopen();
    SiteModel model;
    RandomBatches batches(seed);
    for (int round = 0; round < 150; ++round) {
      SCOPED_TRACE(fmt::format("round {}", round));
      const store::Batch batch = batches.next(model);
      const auto expected = model.refusal(batch);
      const auto applied = store->apply(batch);
      ASSERT_EQ(applied.has_value(), !expected) << (applied ? "taken" : applied.error().what);
      if (applied) {
        model.apply(batch, *applied);
        ++taken;
      } else {
        ASSERT_EQ(applied.error().why, *expected) << applied.error().what;
        ++refused[*expected];
      }
      if (round % 50 == 49) reopen();
      ASSERT_EQ(all(), model.everything());
    }
    std::vector<store::Event> events = store->events(0, 100'000).value();
    for (auto& event : events) event.id = event.at = 0;
    EXPECT_EQ(events, model.events());
  }
  // The seeds reach what they are for.
  EXPECT_GT(taken, 300U);
  for (const Why why : {Why::name_taken, Why::in_use, Why::missing_part, Why::stale, Why::not_found}) {
    EXPECT_GT(refused[why], 5U) << static_cast<int>(why);
  }
}

}  // namespace
}  // namespace store_test
