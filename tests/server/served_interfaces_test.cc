// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/served_interfaces.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "boot_network.h"

namespace server {
namespace {

using boot_test::interface;
using testing::ElementsAre;
using testing::IsEmpty;

const base::Ipv4 on_lo{{127, 0, 0, 1}}, on_eth0{{10, 0, 0, 2}}, on_eth1{{10, 1, 0, 2}},
    on_down{{10, 2, 0, 2}};

// lo 1, eth0 3, eth1 2, and down0 7, which is switched off; not in the order of their indices.
std::vector<net::Interface> machine_with_four() {
  std::vector list = {interface(3, "eth0", on_eth0), interface(1, "lo", on_lo),
                      interface(7, "down0", on_down), interface(2, "eth1", on_eth1)};
  list[1].loopback = true;
  list[2].up = false;
  return list;
}

// Asked for an answer there, the kernel would lend it another interface's address.
TEST(ServedInterfaces, OneWithoutAnAddressIsNotServedUntilItHasOne) {
  ServedInterfaces interfaces({});
  ServedInterfaces::View view(interfaces);
  net::Interface bare;
  bare.index = 4;
  bare.name = "eth4";
  bare.up = true;
  interfaces.update({bare});
  EXPECT_FALSE(view.now().serves(4, base::IpFamily::v4));
  bare.addresses.push_back({on_eth0, 24});
  interfaces.update({bare});
  EXPECT_TRUE(view.now().serves(4, base::IpFamily::v4));
}

// Each family is served where there is an address of it to answer from.
TEST(ServedInterfaces, FamiliesAreServedApart) {
  using base::IpFamily;
  const base::IpNet v4{on_eth0, 24}, v6{base::Ip::parse("2001:db8::2").value(), 64},
      link_local{base::Ip::parse("fe80::2").value(), 64};
  const struct {
    const char* name;
    std::vector<base::IpNet> addresses;
    bool by_itself, v4, v6;  // v4 and v6: when it is named
    std::vector<base::IpNet> told;
  } cases[] = {
      {"IPv4", {v4}, true, true, false, {v4}},
      {"IPv4 with the link-local address that every interface has", {v4, link_local}, true, true, true, {v4}},
      {"IPv6", {v6, link_local}, true, false, true, {v6}},
      {"both", {v4, v6, link_local}, true, true, true, {v4, v6}},
      {"link-local: only by name", {link_local}, false, false, true, {link_local}},
      {"none", {}, false, false, false, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    net::Interface eth = interface(4, "eth4", on_eth0);
    eth.addresses = c.addresses;
    ServedInterfaces all({}), named({"eth4"});
    all.update({eth});
    named.update({eth});
    EXPECT_EQ(all.served().size(), c.by_itself ? 1U : 0U);
    EXPECT_EQ(named.now()->serves(4, IpFamily::v4), c.v4);
    EXPECT_EQ(named.now()->serves(4, IpFamily::v6), c.v6);
    EXPECT_EQ(telling_addresses(eth), c.told);
    for (const base::IpNet& net : c.addresses) EXPECT_EQ(named.now()->index_of(net.address), 4U);
  }
}

TEST(ServedInterfaces, Table) {
  const struct {
    const char* name;
    std::vector<std::string> names;
    std::vector<unsigned> want;  // indices
    std::vector<std::string> missing;
  } cases[] = {
      {"all that are up, not loopback", {}, {2, 3}, {}},
      {"one by name", {"eth1"}, {2}, {}},
      {"loopback if it is named", {"lo"}, {1}, {}},
      {"named and switched off: there, not served", {"down0", "eth0"}, {3}, {}},
      {"named and not there", {"eth0", "eth9"}, {3}, {"eth9"}},
      {"a part of a name is none", {"eth"}, {}, {"eth"}},
  };
  const std::pair<unsigned, base::Ipv4> addresses[] = {{1, on_lo}, {2, on_eth1}, {3, on_eth0}, {7, on_down}};
  for (const auto& c : cases) {
    ServedInterfaces interfaces(c.names);
    interfaces.update(machine_with_four());
    std::vector<unsigned> served, by_address;
    ServedInterfaces::View view(interfaces);
    for (unsigned index = 0; index < 10; ++index) {
      if (view.now().serves(index, base::IpFamily::v4)) served.push_back(index);
    }
    for (const auto& [index, address] : addresses) {
      const unsigned found = view.now().index_of(address);
      if (found == 0) continue;
      EXPECT_EQ(found, index) << c.name;
      by_address.push_back(found);
    }
    EXPECT_EQ(served, c.want) << c.name;
    EXPECT_EQ(by_address, c.want) << c.name;
    EXPECT_EQ(interfaces.served().size(), c.want.size()) << c.name;
    EXPECT_EQ(interfaces.missing(), c.missing) << c.name;
  }
}

TEST(ServedInterfaces, BeforeTheFirstListNothingIsServed) {
  const ServedInterfaces interfaces({});
  ServedInterfaces::View view(interfaces);
  EXPECT_FALSE(view.now().serves(0, base::IpFamily::v4));
  EXPECT_FALSE(view.now().serves(1, base::IpFamily::v4));
  EXPECT_EQ(view.now().index_of(on_eth0), 0U);
  EXPECT_EQ(interfaces.now()->index_of({}), 0U);
  EXPECT_THAT(interfaces.served(), IsEmpty());
}

TEST(ServedInterfaces, EveryAddressOfAnInterfaceIsItsOwn) {
  ServedInterfaces interfaces({});
  auto list = machine_with_four();
  const base::Ipv4 alias{{10, 0, 0, 1}};
  list[0].addresses.push_back({alias, 24});
  interfaces.update(list);
  EXPECT_EQ(interfaces.now()->index_of(alias), 3U);
  EXPECT_EQ(interfaces.now()->index_of(on_eth0), 3U);
  EXPECT_EQ(interfaces.now()->index_of({{10, 0, 0, 3}}), 0U);
}

// Unnumbered links share an address: what is not served must not hide the one that is.
TEST(ServedInterfaces, AnAddressThatAnotherInterfaceHasTooIsThatOfTheServedOne) {
  ServedInterfaces interfaces({"eth0"});
  auto list = machine_with_four();
  list[3].addresses = list[0].addresses;
  interfaces.update(list);
  EXPECT_EQ(interfaces.now()->index_of(on_eth0), 3U);
}

TEST(ServedInterfaces, AViewSeesEachChangeAndNothingElse) {
  ServedInterfaces interfaces({});
  ServedInterfaces::View view(interfaces), other(interfaces);
  EXPECT_FALSE(view.now().serves(3, base::IpFamily::v4));
  interfaces.update(machine_with_four());
  EXPECT_TRUE(view.now().serves(3, base::IpFamily::v4));
  const InterfaceSet* const before = &view.now();
  EXPECT_EQ(&view.now(), before) << "no new set without a change";
  interfaces.set_names({"eth1"});
  EXPECT_FALSE(view.now().serves(3, base::IpFamily::v4));
  EXPECT_TRUE(view.now().serves(2, base::IpFamily::v4));
  EXPECT_TRUE(other.now().serves(2, base::IpFamily::v4)) << "a view that was not asked meanwhile";
  interfaces.update({});
  EXPECT_FALSE(view.now().serves(2, base::IpFamily::v4));
  EXPECT_THAT(interfaces.missing(), ElementsAre("eth1"));
}

// Packet loops with their views and HTTP's threads without read while interfaces change:
// what they see is one state or the other, never a mixture, and no later call sees an older.
TEST(ServedInterfaces, ReadersDuringChangesSeeWholeSets) {
  ServedInterfaces interfaces({});
  const auto state = [&](unsigned index) {
    return std::vector{interface(index, "eth", base::Ipv4::from_host_order(0x0a000000 + index))};
  };
  interfaces.update(state(1));
  std::atomic<bool> stop = false;
  std::atomic<unsigned> ready = 0;
  const auto check = [](const InterfaceSet& set, unsigned& last) {
    ASSERT_EQ(set.list().size(), 1U);
    const unsigned index = set.list().front().index;
    ASSERT_TRUE(set.serves(index, base::IpFamily::v4));
    ASSERT_EQ(set.index_of(base::Ipv4::from_host_order(0x0a000000 + index)), index);
    ASSERT_GE(index, last);
    last = index;
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      ServedInterfaces::View view(interfaces);
      unsigned last = 0;
      for (++ready; !stop;) check(view.now(), last);
      check(view.now(), last);
      EXPECT_EQ(last, 1000U) << "what was there before the end is seen";
    });
  }
  readers.emplace_back([&] {
    unsigned last = 0;
    for (++ready; !stop;) check(*interfaces.now(), last);
  });
  while (ready < 3) std::this_thread::yield();
  for (unsigned index = 2; index <= 1000; ++index) interfaces.update(state(index));
  stop = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace server
