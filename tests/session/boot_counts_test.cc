// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/boot_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/request_rate.h"

namespace session {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const base::Mac mac{{0x52, 0x54, 0, 0, 0, 1}}, other{{0x52, 0x54, 0, 0, 0, 2}};
const base::Time start{std::chrono::hours(48)};

TEST(BootCounts, TheFifthWithinHalfAnHourIsOneTooMany) {
  BootCounts counts;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(counts.on_boot(mac, start + minutes(7 * i))) << i;
  EXPECT_FALSE(counts.on_boot(other, start));
  EXPECT_FALSE(counts.too_often(mac, start + minutes(21)));
  EXPECT_TRUE(counts.on_boot(mac, start + minutes(28)));
  EXPECT_THAT(counts.list(start + minutes(28)), ElementsAre(mac));
  EXPECT_FALSE(counts.on_boot(mac, start + minutes(29))) << "told already";
  EXPECT_TRUE(counts.too_often(mac, start + minutes(58)));
  EXPECT_FALSE(counts.too_often(mac, start + minutes(59))) << "half an hour of peace";
  EXPECT_THAT(counts.list(start + minutes(59)), IsEmpty());
}

TEST(BootCounts, SlowOnesAreNoLoop) {
  BootCounts counts;
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(counts.on_boot(mac, start + minutes(8 * i))) << i;
}

TEST(BootCounts, NewTermsAndAFreshStart) {
  BootCounts counts({2, minutes(1), true});
  counts.on_boot(mac, start);
  EXPECT_TRUE(counts.on_boot(mac, start + seconds(59)));
  counts.forget(mac);
  EXPECT_FALSE(counts.too_often(mac, start + seconds(59)));
  EXPECT_FALSE(counts.on_boot(mac, start + seconds(59)));
  counts.set_terms({0, minutes(1), true});
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(counts.on_boot(mac, start + seconds(60)));
}

TEST(BootCounts, StrangersDoNotFillTheMemory) {
  BootCounts counts({1, minutes(30), false});
  base::Mac one = mac;
  std::size_t told = 0;
  for (std::size_t i = 0; i < 2 * BootCounts::most_told; ++i) {
    one.octets[4] = static_cast<std::uint8_t>(i >> 8);
    one.octets[5] = static_cast<std::uint8_t>(i);
    told += counts.on_boot(one, start) ? 1 : 0;
  }
  EXPECT_EQ(told, BootCounts::most_told);
  EXPECT_TRUE(counts.on_boot(other, start + minutes(31))) << "room again";
}

TEST(RequestRate, SomeAtOnceThenSoManyASecond) {
  RequestRate<std::uint64_t> rate(2, 5, 4);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rate.allow(1, start)) << i;
  EXPECT_FALSE(rate.allow(1, start));
  EXPECT_TRUE(rate.allow(2, start)) << "each for itself";
  EXPECT_TRUE(rate.allow(1, start + std::chrono::milliseconds(500)));
  EXPECT_FALSE(rate.allow(1, start + std::chrono::milliseconds(500)));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rate.allow(1, start + minutes(5))) << i;
  EXPECT_FALSE(rate.allow(1, start + minutes(5))) << "no more than at first";
}

}  // namespace
}  // namespace session
