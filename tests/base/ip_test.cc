// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ip.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

#include "base/url.h"

namespace base {
namespace {

static_assert(std::is_trivially_copyable_v<Ip> && sizeof(Ip) == 16);
static_assert(std::is_trivially_copyable_v<Endpoint> && sizeof(Endpoint) == 24);

Ip ip(std::string_view text) { return Ip::parse(text).value(); }

TEST(Ip, ParsesAndPrintsOneSpelling) {
  struct {
    const char* text;
    const char* printed;
  } const rows[] = {
      {"10.238.0.2", "10.238.0.2"},
      {"0.0.0.0", "0.0.0.0"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8:0000:0001:0000:0000:0000:0001", "2001:db8:0:1::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // RFC 5952 §4.2.2: one group is not shortened
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // §4.2.3: the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest
      {"fe80::5054:ff:fe12:3456", "fe80::5054:ff:fe12:3456"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"::ffff:192.0.2.1", "192.0.2.1"},  // mapped: that IPv4 address
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& row : rows) {
    const auto parsed = Ip::parse(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text;
    EXPECT_EQ(parsed->print(), row.printed) << row.text;
    EXPECT_EQ(Ip::parse(parsed->print()), parsed) << row.text;
  }
}

TEST(Ip, RefusesTheRest) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      ":"sv,
                                      ":::"sv,
                                      "1::2::3"sv,
                                      "1:2:3:4:5:6:7"sv,
                                      "1:2:3:4:5:6:7:8:9"sv,
                                      "1:2:3:4:5:6:7:"sv,
                                      "::12345"sv,
                                      "::g"sv,
                                      "2001:db8::1%eth0"sv,
                                      "[::1]"sv,
                                      "::1/64"sv,
                                      " ::1"sv,
                                      "::1 "sv,
                                      "::1\0"sv,
                                      "10.0.0.256"sv,
                                      "10.0.0"sv,
                                      "::256.0.0.1"sv,
                                      "::1.2.3"sv,
                                      "1.2.3.4::"sv,
                                      "host"sv,
                                      "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"sv,
                                      "0000000000000000000000000000000000000000000000::1"sv}) {
    EXPECT_FALSE(Ip::parse(text).has_value()) << '"' << text << '"';
  }
}

TEST(Ip, FamiliesAreToldApart) {
  const Ipv4 v4{{10, 0, 0, 1}};
  EXPECT_TRUE(Ip(v4).is_v4());
  EXPECT_EQ(Ip(v4).as_v4(), v4);
  EXPECT_EQ(Ip(v4).family(), IpFamily::v4);
  EXPECT_EQ(ip("::1").family(), IpFamily::v6);
  EXPECT_TRUE(ip("::1").as_v4().is_zero());
  // The old IPv4-compatible form is no IPv4 address.
  EXPECT_FALSE(ip("::10.0.0.1").is_v4());
  EXPECT_EQ(Ip(), Ip(Ipv4{}));
  EXPECT_EQ(Ip::any(IpFamily::v4), ip("0.0.0.0"));
  EXPECT_EQ(Ip::any(IpFamily::v6), ip("::"));
  EXPECT_TRUE(ip("::").is_zero() && Ip().is_zero() && !ip("::1").is_zero());
}

TEST(Ip, Kinds) {
  EXPECT_TRUE(ip("fe80::1").is_link_local() && ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local() || ip("fd00::1").is_link_local() ||
               ip("169.254.0.1").is_link_local());
  EXPECT_TRUE(ip("ff02::1").is_multicast_v6());
  EXPECT_FALSE(ip("fe80::1").is_multicast_v6() || ip("224.0.0.1").is_multicast_v6());
}

TEST(IpNet, First) {
  const std::pair<const char*, const char*> rows[] = {
      {"10.1.2.3/32", "10.1.2.3"}, {"10.1.2.3/20", "10.1.0.0"},          {"10.1.255.3/23", "10.1.254.0"},
      {"10.1.2.3/0", "0.0.0.0"},   {"2001:db8:1:2::3/33", "2001:db8::"}, {"2001:db8::3/0", "::"},
      {"ff00::1/128", "ff00::1"},
  };
  for (const auto& [net, first] : rows) EXPECT_EQ(IpNet::parse(net)->first().print(), first) << net;
}

TEST(IpNet, Contains) {
  struct {
    const char* net;
    const char* inside;
    const char* outside;  // or nullptr
  } const rows[] = {
      {"10.20.30.40/24", "10.20.30.255", "10.20.31.40"},
      {"10.20.30.40/32", "10.20.30.40", "10.20.30.41"},
      {"10.20.30.40/31", "10.20.30.41", "10.20.30.42"},
      {"10.20.30.40/9", "10.127.255.255", "10.128.0.0"},
      {"10.20.30.40/0", "1.2.3.4", "::1"},  // never the other family
      {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
      {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
      {"2001:db8::1/128", "2001:db8::1", "2001:db8::2"},
      {"2001:db8::/127", "2001:db8::1", "2001:db8::2"},
      {"::/0", "2001:db8::1", "10.0.0.1"},
  };
  for (const auto& row : rows) {
    const auto net = IpNet::parse(row.net);
    ASSERT_TRUE(net.has_value()) << row.net;
    EXPECT_TRUE(net->contains(ip(row.inside))) << row.net;
    EXPECT_FALSE(net->contains(ip(row.outside))) << row.net;
    EXPECT_EQ(IpNet::parse(net->print()), net);
  }
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8", "10.0.0.0/8 ",
                           "::/129", "::1/1e1", "10.0.0/8", "", "2001:db8::/+3"}) {
    EXPECT_FALSE(IpNet::parse(text).has_value()) << text;
  }
}

TEST(Endpoint, Prints) {
  EXPECT_EQ((Endpoint{Ipv4{{10, 0, 0, 1}}, 69}.print()), "10.0.0.1:69");
  EXPECT_EQ((Endpoint{ip("2001:db8::1"), 69}.print()), "[2001:db8::1]:69");
  EXPECT_EQ((Endpoint{ip("fe80::1"), 69, 3}.print()), "[fe80::1%3]:69");
  EXPECT_EQ((Ipv4Endpoint{{{10, 0, 0, 1}}, 68}.print()), "10.0.0.1:68");
}

TEST(Endpoint, OneAddressOnTwoLinksIsTwo) {
  EXPECT_NE((Endpoint{ip("fe80::1"), 69, 2}), (Endpoint{ip("fe80::1"), 69, 3}));
}

TEST(Endpoint, HashesTellNeighboursApart) {
  std::unordered_set<Endpoint> endpoints;
  std::unordered_set<std::size_t> hashes;
  for (unsigned i = 0; i < 256; ++i) {
    for (std::uint16_t port = 2000; port < 2004; ++port) {
      Ip v6 = ip("2001:db8::");
      v6.octets[15] = static_cast<std::uint8_t>(i);
      for (const Endpoint& endpoint :
           {Endpoint{Ipv4::from_host_order(0x0a000000 + i), port}, Endpoint{v6, port}}) {
        endpoints.insert(endpoint);
        hashes.insert(std::hash<Endpoint>()(endpoint));
      }
    }
  }
  EXPECT_EQ(endpoints.size(), 2048U);
  EXPECT_EQ(hashes.size(), 2048U);
}

TEST(HttpUrl, BracketsIPv6) {
  const auto url = [](const char* address, std::uint16_t port) {
    std::string text;
    write_http_url(ip(address), port, "a b", [&](char c) { text += c; });
    return text;
  };
  EXPECT_EQ(url("2001:db8::2", 80), "http://[2001:db8::2]/a%20b");
  EXPECT_EQ(url("2001:db8::2", 8080), "http://[2001:db8::2]:8080/a%20b");
  EXPECT_EQ(url("10.0.0.2", 8080), "http://10.0.0.2:8080/a%20b");
}

}  // namespace
}  // namespace base
