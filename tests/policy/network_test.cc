// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "sites.h"

namespace policy {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint16_t day = 24 * 60;

TEST(Networks, LongestPrefixSpeaks) {
  const auto networks =
      Networks::make({network(1, "10.0.0.0/8"), network(2, "10.1.0.0/16"), network(3, "10.1.2.0/24"),
                      network(4, "0.0.0.0/0"), network(5, "10.1.2.77/32"), network(6, "2001:db8::/32"),
                      network(7, "2001:db8:1::/48"), network(8, "10.3.9.9/16"), network(9, "2001:d00::/24")});
  ASSERT_TRUE(networks) << networks.error().what;
  struct Row {
    const char* address;
    std::int64_t network;  // 0: none
  };
  const Row rows[] = {
      {"10.1.2.77", 5},       {"10.1.2.78", 3},
      {"10.1.3.1", 2},        {"10.2.0.1", 1},
      {"192.0.2.1", 4},       {"10.3.255.255", 8},
      {"255.255.255.255", 4}, {"2001:db8:1::5", 7},
      {"2001:db8:2::5", 6},   {"2001:d00:0:1::1", 9},
      {"2001:e00::1", 0},     {"fe80::1", 0},
      {"0.0.0.0", 0},         {"::", 0},
  };
  for (const Row& row : rows) {
    const Network* const found = networks->of(ip(row.address));
    EXPECT_EQ(found != nullptr ? found->id : 0, row.network) << row.address;
  }
  EXPECT_EQ(Networks().of(ip("10.1.2.77")), nullptr);
}

TEST(Networks, AsALinearSearchWouldFind) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<Network> all;
    for (std::int64_t id = 1; id <= 40; ++id) {
      Network one;
      one.id = id;
      one.subnet = {base::Ip(base::Ipv4::from_host_order(0x0a000000 | (random() & 0xffff))),
                    static_cast<std::uint8_t>(16 + random() % 17)};
      const auto same = [&](const Network& other) {
        return other.subnet.prefix == one.subnet.prefix && other.subnet.contains(one.subnet.address);
      };
      if (std::ranges::none_of(all, same)) all.push_back(one);
    }
    const auto networks = Networks::make(all);
    ASSERT_TRUE(networks) << networks.error().what;
    for (int i = 0; i < 100; ++i) {
      const base::Ip address(base::Ipv4::from_host_order(0x0a000000 | (random() & 0xffff)));
      const Network* best = nullptr;
      for (const Network& each : all) {
        if (each.subnet.contains(address) && (best == nullptr || each.subnet.prefix > best->subnet.prefix))
          best = &each;
      }
      const Network* const found = networks->of(address);
      ASSERT_EQ(found != nullptr ? found->id : 0, best != nullptr ? best->id : 0) << address.print();
    }
  }
}

TEST(Networks, TwoOfOneSubnetAreRefusedHoweverWritten) {
  const auto twice =
      Networks::make({network(1, "10.1.0.0/16"), network(2, "10.0.0.0/8"), network(3, "10.1.255.7/16")});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().what, AllOf(HasSubstr("\"n1\""), HasSubstr("\"n3\""), HasSubstr("same subnet")));
  EXPECT_TRUE(Networks::make({network(1, "0.0.0.0/0"), network(2, "::/0")}));
}

TEST(WeekWindow, RunsOverTheEndOfSunday) {
  struct Row {
    WeekWindow window;
    std::uint16_t minute;
    bool inside;
  };
  const WeekWindow tuesday_night{day + 22 * 60, 4 * 60};
  const WeekWindow sunday_night{6 * day + 23 * 60, 3 * 60};
  const WeekWindow all_week{3 * day, minutes_of_week};
  const Row rows[] = {
      {tuesday_night, day + 22 * 60 - 1, false},
      {tuesday_night, day + 22 * 60, true},
      {tuesday_night, 2 * day + 2 * 60 - 1, true},
      {tuesday_night, 2 * day + 2 * 60, false},
      {sunday_night, 6 * day + 23 * 60 - 1, false},
      {sunday_night, 6 * day + 23 * 60, true},
      {sunday_night, minutes_of_week - 1, true},
      {sunday_night, 0, true},
      {sunday_night, 2 * 60 - 1, true},
      {sunday_night, 2 * 60, false},
      {all_week, 0, true},
      {all_week, 3 * day - 1, true},
      {all_week, minutes_of_week - 1, true},
  };
  for (const Row& row : rows)
    EXPECT_EQ(row.window.contains(row.minute), row.inside) << row.window.from_minute << " at " << row.minute;
}

TEST(WeekWindow, Refusals) {
  struct Row {
    const char* name;
    std::vector<WeekWindow> windows;
    const char* what;  // null: good
  };
  const Row rows[] = {
      {"one", {{0, 60}}, nullptr},
      {"side by side", {{0, 60}, {60, 60}}, nullptr},
      {"the whole week", {{17, minutes_of_week}}, nullptr},
      {"over Sunday, up to the next", {{minutes_of_week - 60, 120}, {60, 60}}, nullptr},
      {"one begins within another", {{0, 60}, {59, 60}}, "overlap"},
      {"one inside another", {{100, 10}, {0, 600}}, "overlap"},
      {"the same twice", {{5, 5}, {5, 5}}, "overlap"},
      {"over Sunday into Monday's", {{0, 60}, {minutes_of_week - 60, 61}}, "overlap"},
      {"begins after the week", {{minutes_of_week, 60}}, "begins within a week"},
      {"lasts no time", {{0, 0}}, "begins within a week"},
      {"lasts longer than a week", {{0, minutes_of_week + 1}}, "begins within a week"},
  };
  for (const Row& row : rows) {
    Network one = network(1, "10.0.0.0/8");
    one.maintenance = row.windows;
    const auto made = Networks::make({one});
    ASSERT_EQ(made.has_value(), row.what == nullptr) << row.name;
    if (!made) {
      EXPECT_THAT(made.error().what, AllOf(HasSubstr("\"n1\""), HasSubstr(row.what))) << row.name;
    }
  }
}

TEST(Network, PrintedWordsParseBack) {
  for (const AnswerTo each : {AnswerTo::all, AnswerTo::known, AnswerTo::none})
    EXPECT_EQ(parse_answer_to(print(each)), each);
  for (const Prompting each : {Prompting::opt_in, Prompting::none, Prompting::opt_out})
    EXPECT_EQ(parse_prompting(print(each)), each);
  EXPECT_EQ(parse_answer_to("everybody"), std::nullopt);
  EXPECT_EQ(parse_prompting(""), std::nullopt);
}

}  // namespace
}  // namespace policy
