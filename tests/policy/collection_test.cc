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
void compare_with_definition(std::int64_t count, int rounds) {
  static const char* const rules[] = {"arch x64", "arch arm64", "mac 52:54:*", "not name device-*",
                                      "name lab-*"};
  std::mt19937 random(5);
  const auto some = [&](std::int64_t of) { return random() % static_cast<std::uint64_t>(of) == 0; };
  for (int round = 0; round < rounds; ++round) {
    std::vector<Collection> all;
    for (std::int64_t id = 1; id <= count; ++id) {
      Collection one = some(4) ? by_rule(id, rules[random() % 5]) : collection(id);
      for (std::int64_t part = 1; part < id; ++part) {
        if (some(count / 2)) one.includes.push_back(part);
        if (some(count * 2 / 3)) one.excludes.push_back(part);
      }
      all.push_back(std::move(one));
    }
    std::vector<std::int64_t> named;
    for (std::int64_t id = 1; id <= count; ++id) {
      if (some(count / 4)) named.push_back(id);
    }
    Ids want;  // each is made of those before it
    for (const Collection& one : all) {
      const auto member = [&](std::int64_t id) { return want.contains(id); };
      const bool taken = std::ranges::count(named, one.id) > 0 ||
                         (one.rule && one.rule->matches(machine(), "device-1")) ||
                         std::ranges::any_of(one.includes, member);
      if (taken && std::ranges::none_of(one.excludes, member)) want.insert(one.id);
    }
    std::vector<Collection> shuffled = all;
    std::ranges::shuffle(shuffled, random);
    ASSERT_EQ(ids_of(*Collections::make(shuffled), in(named), machine()), want) << "round " << round;
  }
}

TEST(Collections, AsDefined) {
  compare_with_definition(12, 500);
  compare_with_definition(300, 50);
}

}  // namespace
}  // namespace policy
