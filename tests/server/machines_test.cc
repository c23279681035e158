// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/machines.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <atomic>
#include <thread>

#include "boot_network.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: two machines and their network
using std::chrono::seconds;

const base::Time start{std::chrono::hours(24)};

std::string who(Machines& machines, const session::NameIdentity& name, const base::Ip& address = here,
                unsigned interface = eth0) {
  const session::Resolved who = machines.who_asks(address, interface, name, start);
  if (const auto* known = std::get_if<session::Known>(&who))
    return known->facts.mac.print() + " by " + std::string(print(known->from));
  if (const auto* no = std::get_if<session::Contradiction>(&who)) return "not " + no->bound.print();
  return "unknown";
}

TEST(Machines, TellsWhoAsks) {
  const struct {
    const char* name;
    bool bound;  // `here`, to `first`
    session::NameIdentity in_name;
    const char* want;
  } cases[] = {
      {"nobody knows", false, {}, "unknown"},
      {"the name tells", false, {second, {}}, "52:54:00:12:34:57 by name"},
      {"the binding tells", true, {}, "52:54:00:12:34:56 by boot-service"},
      {"both agree", true, {first, {}}, "52:54:00:12:34:56 by boot-service"},
      {"both disagree", true, {second, {}}, "not 52:54:00:12:34:56"},
  };
  for (const auto& c : cases) {
    Machines machines(true);
    if (c.bound) seen_at(machines, machine(first), here, start);
    EXPECT_EQ(who(machines, c.in_name), c.want) << c.name;
  }
}

TEST(Machines, TheSameAddressOnAnotherWireIsAnotherMachine) {
  Machines machines(true);
  seen_at(machines, machine(first), here, start);
  EXPECT_EQ(who(machines, {}, here, eth1), "unknown");
}

// With all services but files off, the kernel is the only one that knows.
TEST(Machines, AsksTheKernelWhereNothingElseIsKnown) {
  const OwnNetwork network(
      "ip link add eth7 type veth peer name eth8 && ip link set eth7 up && ip link set eth8 up &&"
      "ip addr add 198.51.100.2/24 dev eth7 &&"
      "ip neigh add 198.51.100.77 lladdr 52:54:00:12:34:57 dev eth7 nud permanent");
  if (!network.there) GTEST_SKIP() << "no right to make a network namespace here";
  const unsigned eth7 = if_nametoindex("eth7");
  Machines machines(true);
  EXPECT_EQ(who(machines, {}, here, eth7), "52:54:00:12:34:57 by neighbour");
  EXPECT_EQ(who(machines, {}, elsewhere, eth7), "unknown");
  EXPECT_EQ(who(machines, {first, {}}, here, eth7), "52:54:00:12:34:56 by name");
  machines.with([&](auto& bindings, auto&) {
    bindings.learn({here, eth7, machine(first), session::LearnedFrom::boot_service}, start);
  });
  EXPECT_EQ(who(machines, {}, here, eth7), "52:54:00:12:34:56 by boot-service");
}

// DHCP's bindings are IPv4's; over IPv6 the kernel's neighbour or the name tells.
TEST(Machines, OverIPv6TheNeighbourTells) {
  const OwnNetwork network(
      "ip link add eth7 type veth peer name eth8 && ip link set eth7 up && ip link set eth8 up &&"
      "ip addr add 2001:db8::2/64 dev eth7 nodad &&"
      "ip neigh add 2001:db8::77 lladdr 52:54:00:12:34:57 dev eth7 nud permanent &&"
      "ip neigh add fe80::77 lladdr 52:54:00:12:34:56 dev eth7 nud permanent");
  if (!network.there) GTEST_SKIP() << "no right to make a network namespace here";
  const unsigned eth7 = if_nametoindex("eth7");
  const auto ip = [](const char* text) { return base::Ip::parse(text).value(); };
  Machines machines(true);
  seen_at(machines, machine(first), here, start);
  EXPECT_EQ(who(machines, {}, ip("2001:db8::77"), eth7), "52:54:00:12:34:57 by neighbour");
  EXPECT_EQ(who(machines, {}, ip("fe80::77"), eth7), "52:54:00:12:34:56 by neighbour");
  EXPECT_EQ(who(machines, {}, ip("2001:db8::78"), eth7), "unknown");
  EXPECT_EQ(who(machines, {first, {}}, ip("2001:db8::77"), eth7), "52:54:00:12:34:56 by name");
  const auto fetches = machines.who_fetches(ip("2001:db8::77"), eth7, start);
  ASSERT_TRUE(std::holds_alternative<session::Known>(fetches));
  EXPECT_EQ(std::get<session::Known>(fetches).facts.mac, second);
}

// A GRUB that asks for anything here has found us.
TEST(Machines, AskingForAnyNameShowsThatTheMachineIsAlive) {
  const struct {
    const char* name;
    base::Mac bound;
    session::NameIdentity in_name;
    std::size_t silent;
  } cases[] = {
      {"it asks", first, {}, 0},
      {"under its own name", {}, {first, {}}, 0},
      {"another machine asks", second, {}, 1},
      {"a name that contradicts the binding", second, {first, {}}, 1},
  };
  for (const auto& c : cases) {
    Machines machines(true);
    if (!c.bound.is_zero()) seen_at(machines, machine(c.bound), here, start);
    machines.with([&](auto&, auto& attempts) {
      static_cast<void>(attempts.on_loader_sent(first, "x64/grubx64.efi", session::Transport::tftp, start));
    });
    who(machines, c.in_name);
    const auto events =
        machines.with([&](auto&, auto& attempts) { return attempts.poll(start + seconds(60)); });
    EXPECT_EQ(events.size(), c.silent) << c.name;
  }
}

TEST(Machines, BesideNoDhcpServerGrubCannotAskAnotherOne) {
  Machines machines(false);
  machines.with([&](auto&, auto& attempts) {
    static_cast<void>(attempts.on_loader_sent(first, "x64/grubx64.efi", session::Transport::tftp, start));
    EXPECT_TRUE(attempts.poll(start + seconds(60)).empty());
  });
}

// The packet loop learns while HTTP's threads ask: an address is always whole one machine's.
TEST(Machines, AskingDuringATakeoverGivesOneOfTheTwo) {
  Machines machines(true);
  seen_at(machines, machine(first), here, start);
  std::atomic<bool> stop = false;
  std::atomic<unsigned> looks = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < 2; ++i) {
    askers.emplace_back([&] {
      while (!stop) {
        const std::string found = who(machines, {});
        EXPECT_TRUE(found == "52:54:00:12:34:56 by boot-service" ||
                    found == "52:54:00:12:34:57 by boot-service")
            << found;
        ++looks;
      }
    });
  }
  for (int i = 0; i < 500 || looks < 100; ++i) {
    seen_at(machines, machine(i % 2 == 0 ? second : first), here, start);
    if (i % 50 == 0) std::this_thread::yield();
  }
  stop = true;
  for (auto& asker : askers) asker.join();
}

}  // namespace
}  // namespace server
