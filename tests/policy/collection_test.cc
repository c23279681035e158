// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "sites.h"

namespace policy {
namespace {

using testing::HasSubstr;

using Ids = std::set<std::int64_t>;

Ids ids_of(const Collections& collections, const Device& member, const Facts& facts) {
  Memberships memberships;
  collections.members(member, facts, memberships);
  Ids out;
  for (std::size_t i = 0; i < collections.all().size(); ++i) {
    if (memberships.in(i)) out.insert(collections.all()[i].id);
  }
  return out;
}

Device in(std::vector<std::int64_t> collections) {
  Device member = device(1, {mac_1});
  member.collections = std::move(collections);
  return member;
}

Collection by_rule(std::int64_t id, std::string_view text) {
  Collection out = collection(id);
  out.rule = rule(text);
  return out;
}

TEST(Collections, WhoIsIn) {
  struct Row {
    const char* name;
    std::vector<Collection> all;
    std::vector<std::int64_t> named;
    Ids want;
  };
  Collection named_or_arm = by_rule(1, "arch arm64");
  Collection named_but_not_2 = collection(1, {}, {2});
  Collection rule_and_parts = collection(1, {2}, {3});
  rule_and_parts.rule = rule("arch x64");
  const Row rows[] = {
      {"nobody named it", {collection(1)}, {}, {}},
      {"named", {collection(1), collection(2)}, {2}, {2}},
      {"named in one that is gone", {collection(1)}, {1, 99}, {1}},
      {"by a rule", {by_rule(1, "arch x64"), by_rule(2, "arch arm64")}, {}, {1}},
      {"by a rule over the name", {by_rule(1, "name device-*")}, {}, {1}},
      {"named where the rule does not hold", {named_or_arm}, {1}, {1}},
      {"included", {collection(1, {2}), collection(2)}, {2}, {1, 2}},
      {"included by rule", {collection(1, {2}), by_rule(2, "all")}, {}, {1, 2}},
      {"included by one that stands behind",
       {collection(3, {2}), collection(2, {1}), collection(1)},
       {1},
       {1, 2, 3}},
      {"not what it includes itself", {collection(1, {2}), collection(2)}, {1}, {1}},
      {"excluded though named", {named_but_not_2, collection(2)}, {1, 2}, {2}},
      {"excluded by rule", {named_but_not_2, by_rule(2, "firmware uefi")}, {1}, {2}},
      {"not excluded", {named_but_not_2, collection(2)}, {1}, {1}},
      {"excluded though the rule holds", {rule_and_parts, collection(2), collection(3)}, {3}, {3}},
      {"excluded though included", {collection(1, {2}, {2}), collection(2)}, {2}, {2}},
      {"excluding an excluder",
       {collection(1, {}, {2}), collection(2, {3}, {4}), collection(3), collection(4)},
       {1, 3, 4},
       {1, 3, 4}},
  };
  for (const Row& row : rows) {
    const auto collections = Collections::make(row.all);
    ASSERT_TRUE(collections) << row.name << ": " << collections.error().what;
    EXPECT_EQ(ids_of(*collections, in(row.named), machine()), row.want) << row.name;
  }
}

TEST(Collections, AChainOfAThousand) {
  std::vector<Collection> forwards, backwards;
  for (std::int64_t id = 1; id <= 1000; ++id) {
    forwards.push_back(id == 1 ? collection(1) : collection(id, {id - 1}));
    backwards.push_back(id == 1000 ? collection(id) : collection(id, {id + 1}));
  }
  EXPECT_EQ(ids_of(*Collections::make(forwards), in({1}), machine()).size(), 1000U);
  EXPECT_EQ(ids_of(*Collections::make(backwards), in({1000}), machine()).size(), 1000U);
  // By turns of its excludes each is without the one before: every other is left.
  for (std::int64_t id = 2; id <= 1000; ++id)
    forwards[static_cast<std::size_t>(id - 1)] = collection(id, {}, {id - 1});
  std::vector<std::int64_t> all;
  for (std::int64_t id = 1; id <= 1000; ++id) all.push_back(id);
  EXPECT_EQ(ids_of(*Collections::make(forwards), in(all), machine()).size(), 500U);
}

TEST(Collections, CirclesAndStrangersAreNamed) {
  struct Row {
    const char* name;
    std::vector<Collection> all;
    const char* what;
  };
  const Row rows[] = {
      {"of itself", {collection(1, {1})}, "\"c1\" is made of \"c1\""},
      {"excluding itself", {collection(1, {}, {1})}, "\"c1\" is made of \"c1\""},
      {"of two", {collection(1, {2}), collection(2, {1})}, "\"c1\" is made of \"c2\" is made of \"c1\""},
      {"through an exclusion",
       {collection(1, {2}), collection(2, {}, {1})},
       "circle: \"c1\" is made of \"c2\" is made of \"c1\""},
      {"behind a tail that is no part of it",
       {collection(1, {2}), collection(2, {3}), collection(3, {2})},
       "circle: \"c2\" is made of \"c3\" is made of \"c2\""},
      {"includes one that is gone", {collection(1, {7})}, "\"c1\" is made of a collection that is not there"},
      {"excludes one that is gone",
       {collection(1), collection(2, {1}, {7})},
       "\"c2\" is made of a collection that is not there"},
  };
  for (const Row& row : rows) {
    const auto collections = Collections::make(row.all);
    ASSERT_FALSE(collections) << row.name;
    EXPECT_THAT(collections.error().what, HasSubstr(row.what)) << row.name;
  }
  EXPECT_TRUE(
      Collections::make({collection(1, {2, 3}), collection(2, {4}), collection(3, {4}), collection(4)}))
      << "two ways to one are no circle";
}

// Against the definition, by recursion.
TEST(Collections, AsDefined) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<Collection> all;
    for (std::int64_t id = 1; id <= 12; ++id) {
      Collection one =
          random() % 4 == 0 ? by_rule(id, random() % 2 == 0 ? "arch x64" : "arch arm64") : collection(id);
      for (std::int64_t part = 1; part < id; ++part) {
        if (random() % 6 == 0) one.includes.push_back(part);
        if (random() % 8 == 0) one.excludes.push_back(part);
      }
      all.push_back(std::move(one));
    }
    std::vector<std::int64_t> named;
    for (std::int64_t id = 1; id <= 12; ++id) {
      if (random() % 3 == 0) named.push_back(id);
    }
    const auto is_member = [&](const auto& self, std::int64_t id) -> bool {
      const Collection& one = all[static_cast<std::size_t>(id - 1)];
      const auto part = [&](std::int64_t other) { return self(self, other); };
      const bool taken = std::ranges::count(named, id) > 0 || (one.rule && one.rule == rule("arch x64")) ||
                         std::ranges::any_of(one.includes, part);
      return taken && std::ranges::none_of(one.excludes, part);
    };
    Ids want;
    for (std::int64_t id = 1; id <= 12; ++id) {
      if (is_member(is_member, id)) want.insert(id);
    }
    std::vector<Collection> shuffled = all;
    std::ranges::shuffle(shuffled, random);
    ASSERT_EQ(ids_of(*Collections::make(shuffled), in(named), machine()), want) << "round " << round;
  }
}

}  // namespace
}  // namespace policy
