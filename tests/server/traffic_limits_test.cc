// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/traffic_limits.h"

#include <gtest/gtest.h>

namespace server {
namespace {

const base::Time now{std::chrono::hours(1)};
const base::IpNet floor_1{{{10, 1, 0, 0}}, 16};
const base::IpNet lab{{{10, 1, 7, 0}}, 24};

// How long a second octet-second's worth has to wait: 1 s at the limit's own rate.
base::Duration wait_for(const TrafficLimits::Of& limits, std::size_t octets) {
  limits.reserve(octets, now);
  return limits.reserve(1, now) - now + session::RateLimit::burst;
}

TEST(TrafficLimits, TheInterfaceAndTheNarrowestNetworkCount) {
  const TrafficLimits limits({{"eth0", 4000}}, {{floor_1, 2000}, {lab, 1000}});
  const struct {
    const char* interface;
    base::Ipv4 client;
    int seconds;  // for 8000 octets
  } cases[] = {
      {"eth0", {{192, 0, 2, 1}}, 2},
      {"eth1", {{10, 1, 1, 1}}, 4},
      {"eth1", {{10, 1, 7, 1}}, 8},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(wait_for(limits.of(c.interface, c.client), 8000), std::chrono::seconds(c.seconds))
        << c.interface;
  }
  EXPECT_TRUE(limits.of("eth1", {{192, 0, 2, 1}}).none());
}

TEST(TrafficLimits, ClientsOfANetworkShareIt) {
  const TrafficLimits limits({}, {{lab, 1000}});
  limits.of("eth0", {{10, 1, 7, 1}}).reserve(1000, now);
  EXPECT_EQ(wait_for(limits.of("eth0", {{10, 1, 7, 2}}), 1000), std::chrono::seconds(2));
}

TEST(TrafficLimits, NetworksOfBothFamiliesAreToldApart) {
  const auto net = [](const char* text) { return base::IpNet::parse(text).value(); };
  const auto ip = [](const char* text) { return base::Ip::parse(text).value(); };
  const TrafficLimits limits({}, {{net("2001:db8::/32"), 4000}, {net("2001:db8:7::/64"), 1000}, {lab, 2000}});
  EXPECT_EQ(wait_for(limits.of("eth0", ip("2001:db8:7::5")), 8000), std::chrono::seconds(8));
  EXPECT_EQ(wait_for(limits.of("eth0", ip("2001:db8:8::5")), 8000), std::chrono::seconds(2));
  EXPECT_TRUE(limits.of("eth0", ip("2001:db9::5")).none());
  EXPECT_TRUE(limits.of("eth0", ip("192.0.2.1")).none());
}

TEST(TrafficLimits, WhereThereAreNoneEverybodyGoesAtOnce) {
  const TrafficLimits limits({}, {});
  EXPECT_TRUE(limits.none());
  EXPECT_EQ(limits.of("eth0", {{10, 1, 7, 1}}).reserve(1 << 30, now), now);
}

}  // namespace
}  // namespace server
