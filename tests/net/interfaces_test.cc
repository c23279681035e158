// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/interfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "fake_loop.h"
#include "net/netlink.h"

namespace net {
namespace {

const base::Ipv4 home = *base::Ipv4::parse("127.0.0.1");

TEST(Interfaces, TheLoopbackIsThere) {
  const auto list = list_interfaces();
  ASSERT_TRUE(list) << list.error().what;
  const auto lo = std::find_if(list->begin(), list->end(), [](const Interface& i) { return i.name == "lo"; });
  ASSERT_NE(lo, list->end());
  EXPECT_EQ(lo->index, if_nametoindex("lo"));
  EXPECT_TRUE(lo->up);
  EXPECT_TRUE(lo->loopback);
  EXPECT_GE(lo->mtu, 1500u);
  EXPECT_EQ(lo->mac, std::nullopt);
  EXPECT_THAT(lo->addresses, testing::Contains(base::IpNet{home, 8}));
}

TEST(Interfaces, TwoReadingsOfTheSameStateAreEqual) { EXPECT_EQ(*list_interfaces(), *list_interfaces()); }

TEST(Interfaces, OnLinkLooksAtOneInterfaceOnly) {
  Interface wire;
  wire.index = 7;
  wire.addresses = {{*base::Ipv4::parse("10.1.0.1"), 16}, {*base::Ipv4::parse("192.168.0.1"), 24}};
  Interface other;
  other.index = 8;
  const std::vector<Interface> list{other, wire};
  EXPECT_TRUE(on_link(list, 7, *base::Ipv4::parse("10.1.200.3")));
  EXPECT_TRUE(on_link(list, 7, *base::Ipv4::parse("192.168.0.9")));
  EXPECT_FALSE(on_link(list, 7, *base::Ipv4::parse("10.2.0.3")));
  EXPECT_FALSE(on_link(list, 8, *base::Ipv4::parse("10.1.200.3")));
  EXPECT_FALSE(on_link(list, 9, *base::Ipv4::parse("10.1.200.3")));
}

TEST(Interfaces, OnLinkOverIPv6) {
  Interface wire;
  wire.index = 7;
  wire.addresses = {{*base::Ip::parse("10.1.0.1"), 16},
                    {*base::Ip::parse("2001:db8:0:7::1"), 64},
                    {*base::Ip::parse("fe80::1"), 64}};
  EXPECT_TRUE(on_link({wire}, 7, *base::Ip::parse("2001:db8:0:7:5054:ff:fe12:3456")));
  EXPECT_TRUE(on_link({wire}, 7, *base::Ip::parse("fe80::5054:ff:fe12:3456")));
  EXPECT_FALSE(on_link({wire}, 7, *base::Ip::parse("2001:db8:0:8::1")));
}

TEST(InterfaceWatch, HasTheListAtOnceAndLeavesTheLoopClean) {
  FakeLoop loop;
  bool changed = false;
  auto watch = InterfaceWatch::open(loop, [&](const std::vector<Interface>&) { changed = true; });
  ASSERT_TRUE(watch) << watch.error().what;
  EXPECT_EQ((*watch)->interfaces(), *list_interfaces());
  watch->reset();
  EXPECT_EQ(loop.timer_count(), 0u);
  EXPECT_FALSE(changed);
}

// In a network namespace of its own, where the loopback starts switched off.
void switch_loopback(short flags) {
  const base::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = flags;
  EXPECT_EQ(ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);
}

TEST(InterfaceWatch, TellsEachChangeOnce) {
  bool allowed = false;
  std::vector<bool> states;
  std::thread([&] {
    allowed = unshare(CLONE_NEWNET) == 0;
    if (!allowed) return;
    const auto loop = std::move(Loop::open().value());
    std::unique_ptr<InterfaceWatch> watch;
    const auto on_change = [&](const std::vector<Interface>& list) {
      states.push_back(list.at(0).up);
      if (list.at(0).up) {
        ASSERT_FALSE(list.at(0).addresses.empty());
        EXPECT_EQ(list.at(0).addresses.front(), (base::IpNet{home, 8}));
        switch_loopback(0);
      } else {
        watch.reset();  // from inside its own callback
        loop->stop();
      }
    };
    watch = std::move(InterfaceWatch::open(*loop, on_change).value());
    EXPECT_FALSE(watch->interfaces().at(0).up);
    switch_loopback(IFF_UP);
    loop->call_at(loop->now() + std::chrono::seconds(5), [&] { loop->stop(); });
    loop->run();
  }).join();
  if (!allowed) GTEST_SKIP() << "no right to make a network namespace here";
  EXPECT_EQ(states, (std::vector<bool>{true, false}));
}

TEST(Neighbour, UnknownAddressesHaveNone) {
  EXPECT_EQ(neighbour(home), std::nullopt);
  EXPECT_EQ(neighbour(*base::Ipv4::parse("203.0.113.77")), std::nullopt);
  EXPECT_EQ(neighbour(home, 0x7ffffff0), std::nullopt);
}

base::Bytes record(std::uint16_t length, std::uint16_t type, std::size_t size) {
  base::Bytes bytes(size, 0xab);
  const rtattr header{length, type};
  std::memcpy(bytes.data(), &header, std::min(size, sizeof header));
  return bytes;
}

TEST(Netlink, AttributesThatLieAboutTheirLengthEndTheList) {
  const struct {
    const char* name;
    base::Bytes bytes;
    std::size_t want;
  } cases[] = {
      {"empty", {}, 0},
      {"half a header", record(8, 1, 3), 0},
      {"length zero would never advance", record(0, 1, 8), 0},
      {"length shorter than its own header", record(3, 1, 8), 0},
      {"length past the end", record(9, 1, 8), 0},
      {"no value", record(4, 1, 4), 1},
      {"padding cut off at the end", record(5, 1, 5), 1},
      {"one good, then rubbish", record(8, 1, 10), 1},
  };
  for (const auto& c : cases) EXPECT_EQ(netlink_attributes(c.bytes).size(), c.want) << c.name;
}

TEST(Netlink, MessagesThatLieAboutTheirLengthEndTheList) {
  base::Bytes bytes(sizeof(nlmsghdr) + 4);
  for (const std::uint32_t length : {0u, 15u, 21u, 0xffffffffu}) {
    std::memcpy(bytes.data(), &length, sizeof length);
    EXPECT_TRUE(netlink_messages(bytes).empty()) << length;
  }
  const std::uint32_t right = 20;
  std::memcpy(bytes.data(), &right, sizeof right);
  ASSERT_EQ(netlink_messages(bytes).size(), 1u);
  EXPECT_EQ(netlink_messages(bytes)[0].payload.size(), 4u);
}

TEST(Netlink, AnAddressIsOfTheFamilyThatItsLengthSays) {
  const base::Bytes v4{10, 0, 0, 1};
  base::Bytes v6(16);
  v6[15] = 1;
  EXPECT_EQ(as_ip({1, v4}), base::Ip::parse("10.0.0.1"));
  EXPECT_EQ(as_ip({1, v6}), base::Ip::parse("::1"));
}

TEST(Netlink, ValuesOfTheWrongSizeAreNotRead) {
  const base::Bytes three(3), five(5);
  EXPECT_EQ(as_number({1, three}), std::nullopt);
  EXPECT_EQ(as_ip({1, five}), std::nullopt);
  EXPECT_EQ(as_mac({1, five}), std::nullopt);
}

}  // namespace
}  // namespace net
