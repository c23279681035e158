// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/traffic_limits.h"

#include <gtest/gtest.h>

#include <deque>

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Time start{std::chrono::hours(1)};
const base::IpNet floor_1{{{10, 1, 0, 0}}, 16};
const base::IpNet lab{{{10, 1, 7, 0}}, 24};
constexpr base::Ipv4 on_floor{{10, 1, 1, 1}}, in_lab{{10, 1, 7, 1}}, also_in_lab{{10, 1, 7, 2}},
    elsewhere{{192, 0, 2, 1}};

// When these may leave, for somebody who comes whenever told to.
base::Time leaves(const TrafficLimits::Of& limits, TrafficLimits::Turn& turn, std::size_t octets,
                  base::Time now) {
  base::Time when = now;
  while ((when = limits.ask(turn, octets, now)) > now) now = when;
  return now;
}
base::Duration wait_after(const TrafficLimits::Of& limits, std::size_t octets) {
  TrafficLimits::Turn one, two;
  limits.ask(one, octets, start);
  return leaves(limits, two, 1, start) - start + session::RateLimit::burst;
}

TEST(TrafficLimits, TheInterfaceAndTheNarrowestNetworkCount) {
  const TrafficLimits limits({{"eth0", 4000}}, {{floor_1, 2000}, {lab, 1000}});
  EXPECT_EQ(wait_after(limits.of("eth0", elsewhere), 8000), seconds(2));
  EXPECT_EQ(wait_after(limits.of("eth1", on_floor), 8000), seconds(4));
  EXPECT_EQ(wait_after(limits.of("eth1", in_lab), 8000), seconds(8));
  EXPECT_TRUE(limits.of("eth1", elsewhere).none());
}

TEST(TrafficLimits, ClientsOfANetworkShareIt) {
  const TrafficLimits limits({}, {{lab, 1000}});
  TrafficLimits::Turn turn;
  limits.of("eth0", in_lab).ask(turn, 1000, start);
  EXPECT_EQ(wait_after(limits.of("eth0", also_in_lab), 1000), seconds(1));
}

TEST(TrafficLimits, NetworksOfBothFamiliesAreToldApart) {
  const auto net = [](const char* text) { return base::IpNet::parse(text).value(); };
  const auto ip = [](const char* text) { return base::Ip::parse(text).value(); };
  const TrafficLimits limits({}, {{net("2001:db8::/32"), 4000}, {net("2001:db8:7::/64"), 1000}, {lab, 2000}});
  EXPECT_EQ(wait_after(limits.of("eth0", ip("2001:db8:7::5")), 8000), seconds(8));
  EXPECT_EQ(wait_after(limits.of("eth0", ip("2001:db8:8::5")), 8000), seconds(2));
  EXPECT_TRUE(limits.of("eth0", ip("2001:db9::5")).none());
  EXPECT_TRUE(limits.of("eth0", ip("192.0.2.1")).none());
}

TEST(TrafficLimits, WhereThereAreNoneEverybodyGoesAtOnce) {
  const TrafficLimits limits({}, {});
  TrafficLimits::Turn turn;
  EXPECT_TRUE(limits.none());
  EXPECT_EQ(limits.of("eth0", in_lab).ask(turn, 1 << 30, start), start);
}

TEST(TrafficLimits, ACrowdOnASlowWireDelaysNobodyElsewhere) {
  const TrafficLimits limits({{"eth0", 100'000'000}}, {{lab, 1'000'000}});
  std::deque<TrafficLimits::Turn> crowd(1000);
  for (TrafficLimits::Turn& turn : crowd) limits.of("eth0", in_lab).ask(turn, 64'000, start);
  TrafficLimits::Turn turn;
  EXPECT_EQ(leaves(limits.of("eth0", elsewhere), turn, 64'000, start), start);
  EXPECT_LT(leaves(limits.of("eth0", elsewhere), turn, 1'000'000, start), start + milliseconds(1));
}

TEST(TrafficLimits, WhatTheNetworkGrantedAndTheInterfaceDidNotIsGivenBack) {
  const TrafficLimits limits({{"eth0", 1000}}, {{lab, 1000}});
  TrafficLimits::Turn full;
  limits.of("eth0", elsewhere).ask(full, 100'000, start);
  {
    TrafficLimits::Turn turn;
    EXPECT_GT(limits.of("eth0", in_lab).ask(turn, 50'000, start), start) << "the interface is busy";
  }
  TrafficLimits::Turn other_way;
  EXPECT_EQ(limits.of("eth1", in_lab).ask(other_way, 1000, start), start);
}

}  // namespace
}  // namespace server
