// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/boot_papers.h"

#include <gtest/gtest.h>

namespace session {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const base::Mac first{{0x52, 0x54, 0, 0, 0, 1}}, second{{0x52, 0x54, 0, 0, 0, 2}};
const base::Time begin{std::chrono::hours(1)};

policy::TokenHash hash(std::uint8_t number) {
  policy::TokenHash out{};
  out.front() = number;
  out.back() = number;
  return out;
}
BootPapers papers(const base::Mac& mac, std::uint8_t number) {
  BootPapers out;
  out.token = std::string(32, static_cast<char>('0' + number));
  out.hash = hash(number);
  out.mac = mac;
  out.entries = {{12, 1, 0, "images/debian/3"}, {13, 2, 5, "images/winpe/1"}};
  return out;
}

TEST(PapersTest, AreFoundByMachineAndByWord) {
  Papers all;
  all.issue(papers(first, 1), begin);
  all.issue(papers(second, 2), begin);
  ASSERT_NE(all.of(first, begin), nullptr);
  EXPECT_EQ(all.of(first, begin)->token.front(), '1');
  ASSERT_NE(all.behind(hash(2), begin), nullptr);
  EXPECT_EQ(all.behind(hash(2), begin)->mac, second);
  EXPECT_EQ(all.behind(hash(3), begin), nullptr);
  EXPECT_EQ(all.of(first, begin)->entry(13)->directory, "images/winpe/1");
  EXPECT_EQ(all.of(first, begin)->entry(14), nullptr);
}

TEST(PapersTest, AWordWithTheRightFrontAloneIsWorthNothing) {
  Papers all;
  all.issue(papers(first, 1), begin);
  policy::TokenHash almost = hash(1);
  almost.back() ^= 1;
  EXPECT_EQ(all.behind(almost, begin), nullptr);
}

TEST(PapersTest, TheNextBootsTakeTheirPlace) {
  Papers all;
  all.issue(papers(first, 1), begin);
  all.took(first, "12/preseed.cfg", begin);
  all.issue(papers(first, 2), begin + hours(2));
  EXPECT_EQ(all.behind(hash(1), begin + hours(2)), nullptr);
  ASSERT_NE(all.behind(hash(2), begin + hours(2)), nullptr);
  EXPECT_TRUE(Papers::may_take(*all.of(first, begin + hours(3)), "12/preseed.cfg", begin + hours(3)));
}

TEST(PapersTest, LiveForAWhile) {
  Papers all;
  all.issue(papers(first, 1), begin);
  EXPECT_NE(all.behind(hash(1), begin + Papers::default_lifetime - seconds(1)), nullptr);
  EXPECT_EQ(all.behind(hash(1), begin + Papers::default_lifetime), nullptr);
  EXPECT_EQ(all.of(first, begin + Papers::default_lifetime), nullptr);
}

TEST(PapersTest, WhatWasTakenMayBeTakenAgainForAMinute) {
  Papers all;
  all.issue(papers(first, 1), begin);
  const auto may = [&](const char* what, base::Time now) {
    return Papers::may_take(*all.of(first, now), what, now);
  };
  EXPECT_TRUE(may("12/preseed.cfg", begin + hours(1)));
  const base::Time taken = begin + hours(1);
  all.took(first, "12/preseed.cfg", taken);
  EXPECT_TRUE(may("12/preseed.cfg", taken + seconds(59)));
  all.took(first, "12/preseed.cfg", taken + seconds(59));  // the minute is that of the first time
  EXPECT_FALSE(may("12/preseed.cfg", taken + seconds(60)));
  EXPECT_FALSE(may("12/preseed.cfg", taken + hours(1)));
  EXPECT_TRUE(may("12/late.sh", taken + hours(1))) << "each file on its own";
}

TEST(PapersTest, ThereAreNoMoreThanFit) {
  Papers all(2);
  const base::Mac third{{0x52, 0x54, 0, 0, 0, 3}};
  all.issue(papers(first, 1), begin);
  all.issue(papers(second, 2), begin);
  all.issue(papers(third, 3), begin);
  EXPECT_EQ(all.behind(hash(1), begin), nullptr) << "who came first makes room";
  EXPECT_NE(all.behind(hash(3), begin), nullptr);
}

}  // namespace
}  // namespace session
