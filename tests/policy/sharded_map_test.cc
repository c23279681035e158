// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/sharded_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "sites.h"

namespace policy {
namespace {

using Map = ShardedMap<std::int64_t, std::string>;
using Model = std::map<std::int64_t, std::string>;

void expect_same(const Map& map, const Model& model, std::int64_t keys) {
  ASSERT_EQ(map.size(), model.size());
  std::size_t visited = 0;
  map.each([&](std::int64_t key, const std::string& value) {
    ++visited;
    const auto found = model.find(key);
    ASSERT_TRUE(found != model.end()) << key;
    ASSERT_EQ(value, found->second) << key;
  });
  ASSERT_EQ(visited, model.size());
  for (std::int64_t key = 0; key < keys; ++key) {
    const std::string* const value = map.find(key);
    ASSERT_EQ(value != nullptr, model.contains(key)) << key;
  }
}

TEST(ShardedMap, Empty) {
  const Map map;
  EXPECT_EQ(map.size(), 0U);
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(map.with({}).size(), 0U);
  EXPECT_EQ(map.with({{1, std::nullopt}}).size(), 0U);
}

TEST(ShardedMap, OfSeveralChangesToOneKeyTheLastCounts) {
  struct Row {
    std::vector<Map::Change> changes;
    std::optional<std::string> want;
  };
  const Row rows[] = {
      {{{5, "a"}, {5, "b"}}, "b"},
      {{{5, "a"}, {6, "x"}, {5, std::nullopt}}, std::nullopt},
      {{{5, std::nullopt}, {5, "c"}}, "c"},
      {{{5, std::nullopt}, {5, "c"}, {5, std::nullopt}, {5, "d"}}, "d"},
  };
  const Map with_one = Map().with({{5, "old"}, {7, "other"}});
  for (const Row& row : rows) {
    for (const Map& before : {Map(), with_one}) {
      const Map after = before.with(row.changes);
      const std::string* const found = after.find(5);
      ASSERT_EQ(found != nullptr, row.want.has_value());
      if (found != nullptr) {
        EXPECT_EQ(*found, *row.want);
      }
    }
  }
  EXPECT_EQ(*with_one.find(5), "old") << "the old map stays as it was";
}

TEST(ShardedMap, AsStdMapOverBatches) {
  constexpr unsigned seed = 42;
  std::mt19937 random(seed);
  for (const std::int64_t keys : {50, 3000, 40000}) {
    Map map;
    Model model;
    for (int batch = 0; batch < 12; ++batch) {
      const Map before = map;
      const Model model_before = model;
      std::vector<Map::Change> changes;
      for (std::size_t i = 0, count = random() % static_cast<std::size_t>(keys); i < count; ++i) {
        const auto key = static_cast<std::int64_t>(random() % static_cast<std::size_t>(keys));
        if (random() % 3 == 0) {
          changes.push_back({key, std::nullopt});
          model.erase(key);
        } else {
          const std::string value = std::to_string(random());
          changes.push_back({key, value});
          model[key] = value;
        }
      }
      map = map.with(std::move(changes));
      ASSERT_NO_FATAL_FAILURE(expect_same(map, model, keys)) << "seed " << seed << ", batch " << batch;
      if (batch % 8 == 0) {
        ASSERT_NO_FATAL_FAILURE(expect_same(before, model_before, keys));
      }
    }
  }
}

TEST(ShardedMap, GrowsOneByOneAndEmptiesAgain) {
  ShardedMap<base::Mac, std::int64_t> map;
  for (std::int64_t i = 0; i < 1500; ++i)
    map = map.with({{numbered_mac(static_cast<std::uint64_t>(i) * 4), i}});
  EXPECT_EQ(map.size(), 1500U);
  for (std::int64_t i = 0; i < 1500; ++i) {
    const std::int64_t* const found = map.find(numbered_mac(static_cast<std::uint64_t>(i) * 4));
    ASSERT_NE(found, nullptr) << i;
    ASSERT_EQ(*found, i);
  }
  EXPECT_EQ(map.find(numbered_mac(1)), nullptr);
  std::vector<ShardedMap<base::Mac, std::int64_t>::Change> all;
  map.each([&](const base::Mac& key, std::int64_t) { all.push_back({key, std::nullopt}); });
  map = map.with(all);
  EXPECT_EQ(map.size(), 0U);
  map.each([](const base::Mac&, std::int64_t) { ADD_FAILURE() << "something is left"; });
}

TEST(ShardedMap, AChangedCopySharesWhatItDoesNotTouch) {
  std::vector<Map::Change> changes;
  for (std::int64_t key = 0; key < 20000; ++key) changes.push_back({key, "value"});
  const Map before = Map().with(std::move(changes));
  const Map after = before.with({{777, "changed"}});
  EXPECT_EQ(*after.find(777), "changed");
  std::size_t copied = 0;
  for (std::int64_t key = 0; key < 20000; ++key) copied += before.find(key) != after.find(key) ? 1 : 0;
  EXPECT_GT(copied, 0U);
  EXPECT_LT(copied, 400U) << "one shard, not the map";
}

// However full it is: no change pays for a map twice as large.
TEST(ShardedMap, GrowingOnSharesAsWell) {
  for (std::int64_t size = 16300; size < 16600; size += 30) {
    std::vector<Map::Change> changes;
    for (std::int64_t key = 0; key < size; ++key) changes.push_back({key, "value"});
    const Map before = Map().with(std::move(changes));
    const Map after = before.with({{size, "one more"}});
    std::size_t copied = 0;
    for (std::int64_t key = 0; key < size; ++key) copied += before.find(key) != after.find(key) ? 1 : 0;
    ASSERT_LT(copied, 2000U) << size;
    ASSERT_EQ(*after.find(size), "one more");
  }
}

}  // namespace
}  // namespace policy
