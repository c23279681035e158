// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/http_pace.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using std::chrono::milliseconds;

const base::Ip limited = *base::Ip::parse("10.1.0.5"), free_one = *base::Ip::parse("10.2.0.5");

TEST(HttpPace, NobodyIsLimitedWithoutALimitOfHis) {
  const TrafficLimits limits({{"eth0", 1'000'000}}, {{*base::IpNet::parse("10.1.0.0/16"), 1'000'000}});
  EXPECT_FALSE(http_pace(limits, "eth1", free_one));
  EXPECT_TRUE(http_pace(limits, "eth0", free_one));
  EXPECT_TRUE(http_pace(limits, "eth1", limited));
}

// Asked again when it was told to, for an hour of requests, it gets what the limit allows.
TEST(HttpPace, GivesWhatTheNetworkMayHave) {
  const TrafficLimits limits({}, {{*base::IpNet::parse("10.1.0.0/16"), 10'000'000}});
  net::HttpPace first = http_pace(limits, "eth0", limited), second = http_pace(limits, "eth0", limited);
  std::uint64_t of_first = 0, of_second = 0;
  const base::Time begin{std::chrono::hours(1)};
  base::Time first_at = begin, second_at = begin;
  while (std::min(first_at, second_at) < begin + std::chrono::seconds(1)) {
    const bool is_first = first_at <= second_at;
    base::Time& at = is_first ? first_at : second_at;
    const base::Time answer = (is_first ? first : second)(64 << 10, at);
    if (answer <= at) {
      (is_first ? of_first : of_second) += 64 << 10;
      at += milliseconds(1);  // to the wire
    } else {
      at = answer;
    }
  }
  EXPECT_NEAR(static_cast<double>(of_first + of_second), 10e6, 0.5e6);
  EXPECT_NEAR(static_cast<double>(of_first), 5e6, 0.5e6);
}

}  // namespace
}  // namespace server
