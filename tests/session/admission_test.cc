// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <random>

namespace session {
namespace {

using policy::ClientKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Time start{};
base::Time at(base::Duration since_start) { return start + since_start; }

base::Mac mac(unsigned n) {
  return {{2, 0, 0, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
}
policy::Facts machine(unsigned n, ClientKind kind, std::uint16_t seconds_asking = 0) {
  policy::Facts facts;
  facts.mac = mac(n);
  facts.kind = kind;
  facts.seconds_asking = seconds_asking;
  return facts;
}

TEST(Admission, NobodyIsHeldWithoutALimit) {
  Admission a;
  for (unsigned n = 0; n < 500; ++n) {
    EXPECT_FALSE(a.on_dhcp(machine(n, ClientKind::uefi_pxe), true, start));
    EXPECT_FALSE(a.on_script(mac(n), ClientKind::ipxe, start));
  }
  EXPECT_EQ(a.summary(start).loading, 500U);
}

TEST(Admission, EachKindWaitsByItsOwnMeans) {
  struct Row {
    const char* name;
    ClientKind kind;
    bool discover;
    base::Duration at;
    std::uint16_t secs;
    bool held;
  };
  const Row rows[] = {
      {"EDK2's DISCOVER", ClientKind::uefi_pxe, true, seconds(1), 0, true},
      {"EDK2's third", ClientKind::uefi_pxe, true, seconds(13), 12, true},
      {"EDK2's fourth and last", ClientKind::uefi_pxe, true, seconds(29), 28, false},
      {"EDK2's last, with secs left at 0", ClientKind::uefi_pxe, true, seconds(29), 0, false},
      {"EDK2's last, the first that was heard", ClientKind::uefi_pxe, true, seconds(1), 28, false},
      {"EDK2 on 4011: it has an OFFER of ours", ClientKind::uefi_pxe, false, seconds(1), 0, false},
      {"HTTP Boot", ClientKind::uefi_http, true, seconds(13), 12, true},
      {"HTTP Boot's last", ClientKind::uefi_http, true, seconds(29), 28, false},
      {"iPXE waits in its script", ClientKind::ipxe, true, seconds(1), 4, false},
      {"a ROM cannot wait", ClientKind::bios_rom, true, seconds(1), 0, false},
      {"U-Boot cannot wait", ClientKind::uboot, true, seconds(1), 0, false},
      {"a Raspberry Pi cannot wait", ClientKind::raspberry_pi, true, seconds(1), 0, false},
  };
  for (const Row& row : rows) {
    Admission a(1);
    EXPECT_FALSE(a.on_dhcp(machine(0, ClientKind::uefi_pxe), true, start)) << row.name;
    const bool first = row.at > seconds(5);  // it has asked before
    if (first) static_cast<void>(a.on_dhcp(machine(1, row.kind), true, at(seconds(1))));
    EXPECT_EQ(a.on_dhcp(machine(1, row.kind, row.secs), row.discover, at(row.at)).has_value(), row.held)
        << row.name;
  }
}

TEST(Admission, IpxesFlagsInSecsAreNoSeconds) {
  Admission a(1);
  EXPECT_FALSE(a.on_dhcp(machine(0, ClientKind::uefi_pxe), true, start));
  EXPECT_FALSE(a.on_dhcp(machine(1, ClientKind::ipxe, 11), true, start));
  // The same machine by EDK2: what iPXE said before does not shorten its wait.
  EXPECT_TRUE(a.on_dhcp(machine(1, ClientKind::uefi_pxe), true, at(seconds(12))));
}

TEST(Admission, Edk2sTriesOn4011AreNoSeconds) {
  Admission a(1);
  EXPECT_FALSE(a.on_dhcp(machine(0, ClientKind::uefi_pxe), true, start));
  EXPECT_FALSE(a.on_dhcp(machine(1, ClientKind::uefi_pxe, 768), false, start));
  EXPECT_TRUE(a.on_dhcp(machine(1, ClientKind::uefi_pxe), true, at(seconds(10))));
}

TEST(Admission, AHoldSaysHowManyLoadAndWhoseTurnItIs) {
  Admission a(2);
  for (unsigned n = 0; n < 2; ++n) EXPECT_FALSE(a.on_script(mac(n), ClientKind::ipxe, start));
  EXPECT_EQ(policy::explain(a.on_script(mac(2), ClientKind::ipxe, start).value()),
            "2 machines are loading; this one is number 1 in the queue");
  EXPECT_EQ(policy::explain(a.on_script(mac(3), ClientKind::ipxe, at(seconds(5))).value()),
            "2 machines are loading; this one is number 2 in the queue");
  const LineSummary line = a.summary(at(seconds(8)));
  EXPECT_EQ(line.at_once, 2U);
  EXPECT_EQ(line.loading, 2U);
  EXPECT_EQ(line.waiting, 2U);
  EXPECT_EQ(line.longest, seconds(8));
  const auto machines = a.line(at(seconds(8)));
  ASSERT_EQ(machines.size(), 4U);
  EXPECT_TRUE(machines[0].loading);
  EXPECT_EQ(machines[2].mac, mac(2));
  EXPECT_EQ(machines[3].since, seconds(3));
}

TEST(Admission, ALaterComerDoesNotOvertake) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  EXPECT_TRUE(a.on_dhcp(machine(1, ClientKind::uefi_pxe), true, start));
  EXPECT_TRUE(a.on_script(mac(2), ClientKind::ipxe, start));
  a.on_image_sent(mac(0));
  EXPECT_TRUE(a.on_script(mac(2), ClientKind::ipxe, at(seconds(5)))) << "the slot is number 1's";
  EXPECT_FALSE(a.may_go(mac(2), at(seconds(5))));
  EXPECT_TRUE(a.may_go(mac(1), at(seconds(5)))) << "its OFFER may go out before it asks again";
  a.on_image_sent(mac(1));
  EXPECT_FALSE(a.on_script(mac(2), ClientKind::ipxe, at(seconds(10))));
}

TEST(Admission, WhoStartedIsNeverHeldAgain) {
  Admission a(1);
  const policy::Facts edk2 = machine(0, ClientKind::uefi_pxe);
  EXPECT_FALSE(a.on_dhcp(edk2, true, start));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));
  // Its whole chain, stage by stage.
  EXPECT_FALSE(a.on_dhcp(edk2, false, at(seconds(4))));
  EXPECT_FALSE(a.on_dhcp(machine(0, ClientKind::ipxe), true, at(seconds(6))));
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, at(seconds(22))));
  a.set_bounds({1, {}});
  EXPECT_FALSE(a.on_dhcp(edk2, true, at(seconds(30)))) << "it fell back to its firmware";
  a.on_image_sent(mac(0));
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(31))));
  EXPECT_TRUE(a.on_dhcp(edk2, true, at(seconds(40)))) << "a new boot is a new turn";
}

TEST(Admission, ALastAnswerToEdk2IsNoSlot) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  const policy::Facts edk2 = machine(1, ClientKind::uefi_pxe);
  EXPECT_TRUE(a.on_dhcp(edk2, true, start));
  EXPECT_FALSE(a.on_dhcp(edk2, true, at(seconds(28))));
  EXPECT_EQ(a.summary(at(seconds(28))).loading, 1U);
  for (int s = 5; s < 65; s += 5) a.on_request(mac(0), at(seconds(s)));
  a.poll(at(seconds(65)));
  // It takes the OFFER when its window ends, 32 s later, and waits on in its script.
  EXPECT_FALSE(a.on_dhcp(machine(1, ClientKind::ipxe), true, at(seconds(65))));
  EXPECT_EQ(a.on_script(mac(1), ClientKind::ipxe, at(seconds(65))).value().place, 1U);
}

TEST(Admission, WhoCannotWaitTakesMoreThanThereIs) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  EXPECT_FALSE(a.on_dhcp(machine(1, ClientKind::bios_rom), true, start));
  a.on_menu(mac(2), ClientKind::bios_rom, start);
  EXPECT_EQ(a.summary(start).loading, 3U);
  EXPECT_TRUE(a.on_script(mac(3), ClientKind::ipxe, start));
  a.on_image_sent(mac(0));
  a.on_image_sent(mac(1));
  EXPECT_TRUE(a.on_script(mac(3), ClientKind::ipxe, start)) << "one still loads";
  a.on_image_sent(mac(2));
  EXPECT_FALSE(a.on_script(mac(3), ClientKind::ipxe, start));
}

TEST(Admission, SilenceFreesASlotButATransferIsNoSilence) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));
  a.on_transfer_begun(mac(0), at(seconds(1)));
  for (int s = 5; s <= 300; s += 5) {
    a.poll(at(seconds(s)));
    ASSERT_TRUE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(s)))) << s;
  }
  a.on_transfer_ended(mac(0), at(seconds(300)));
  a.poll(at(seconds(359)));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(359))));
  a.poll(at(seconds(360)));
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(360))));
  // An end that was never told does not hold a slot for ever either.
  a.on_transfer_begun(mac(1), at(seconds(360)));
  a.poll(at(seconds(360) + Admission::transfer_silence));
  EXPECT_EQ(a.summary(start).loading, 0U);
}

TEST(Admission, ASlotIsForLoading) {
  Admission a(1);
  const policy::Facts edk2 = machine(0, ClientKind::uefi_pxe);
  // Secure Boot refuses its loader: it asks again and again, and takes no image.
  EXPECT_FALSE(a.on_dhcp(edk2, true, start));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));
  for (int s = 15; s < 120; s += 15) {
    EXPECT_FALSE(a.on_dhcp(edk2, true, at(seconds(s))));
    a.poll(at(seconds(s)));
    EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(s))));
  }
  a.poll(at(seconds(120)));
  EXPECT_TRUE(a.on_dhcp(edk2, true, at(seconds(120)))) << "at the end of the line";
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(121))));
}

TEST(Admission, ANewAttemptIsANewTurn) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  a.on_transfer_begun(mac(0), start);
  a.on_transfer_ended(mac(0), at(seconds(3)));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));
  // Its initrd does not fit into its memory; it starts all over.
  EXPECT_FALSE(a.on_dhcp(machine(0, ClientKind::ipxe), true, at(seconds(10))));
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(10))));
  EXPECT_TRUE(a.on_script(mac(0), ClientKind::ipxe, at(seconds(10))));
}

TEST(Admission, WhoSatBeforeAMenuLoadsAllTheSame) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  a.on_request(mac(0), at(seconds(119)));
  a.poll(at(seconds(120)));
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(120)))) << "its slot lapsed";
  EXPECT_TRUE(a.on_script(mac(0), ClientKind::ipxe, at(seconds(121))));
  a.on_transfer_begun(mac(0), at(seconds(121)));
  EXPECT_EQ(a.summary(at(seconds(121))).loading, 2U);
}

TEST(Admission, WhoLeavesTheLineMakesRoom) {
  Admission a(1);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));  // and is switched off
  for (int s = 0; s < 60; s += 5) {
    EXPECT_TRUE(a.on_script(mac(2), ClientKind::ipxe, at(seconds(s))));
    a.on_request(mac(0), at(seconds(s)));
  }
  a.poll(at(seconds(60)));
  EXPECT_EQ(a.on_script(mac(2), ClientKind::ipxe, at(seconds(60))).value().place, 1U);
}

TEST(Admission, AFullTableHoldsNobodyElse) {
  Admission a(1, 3);
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start));
  EXPECT_TRUE(a.on_script(mac(2), ClientKind::ipxe, start));
  EXPECT_FALSE(a.on_script(mac(3), ClientKind::ipxe, start));
  EXPECT_FALSE(a.on_dhcp(machine(4, ClientKind::uefi_pxe), true, start));
  a.on_menu(mac(5), ClientKind::bios_rom, start);
  EXPECT_EQ(a.line(start).size(), 3U);
}

// --- a bound for each network --------------------------------------------------------------

const base::IpNet floor_1{{{10, 1, 0, 0}}, 16}, lab{{{10, 1, 7, 0}}, 24};
constexpr base::Ipv4 on_floor{{10, 1, 1, 1}}, in_lab{{10, 1, 7, 1}}, elsewhere{{192, 0, 2, 1}};

TEST(AdmissionByNetwork, AFullNetworkHoldsItsOwnMachinesOnly) {
  Admission a(AdmissionBounds{0, {{floor_1, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  const auto hold = a.on_script(mac(1), ClientKind::ipxe, start, on_floor);
  ASSERT_TRUE(hold);
  EXPECT_EQ(policy::explain(*hold), "1 machine of 10.1.0.0/16 is loading; this one is number 1 in the queue");
  for (unsigned n = 2; n < 50; ++n) EXPECT_FALSE(a.on_script(mac(n), ClientKind::ipxe, start, elsewhere));
  a.on_image_sent(mac(2));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor)) << "that slot was another network's";
  a.on_image_sent(mac(0));
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
}

TEST(AdmissionByNetwork, TheNarrowestNetworkCountsAndZeroIsNoBound) {
  Admission a(AdmissionBounds{0, {{floor_1, 1}, {lab, 0}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  for (unsigned n = 1; n < 20; ++n) EXPECT_FALSE(a.on_script(mac(n), ClientKind::ipxe, start, in_lab));
  EXPECT_TRUE(a.on_script(mac(20), ClientKind::ipxe, start, on_floor));
}

TEST(AdmissionByNetwork, BothBoundsHoldAndTheQueueSaysWhich) {
  Admission a(AdmissionBounds{3, {{floor_1, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  EXPECT_FALSE(a.on_script(mac(2), ClientKind::ipxe, start, elsewhere));
  EXPECT_FALSE(a.on_script(mac(3), ClientKind::ipxe, start, elsewhere)) << "number 1 could not use the slot";
  EXPECT_TRUE(a.on_script(mac(4), ClientKind::ipxe, start, elsewhere));
  auto line = a.line(start);
  ASSERT_EQ(line.size(), 5U);
  EXPECT_EQ(line[3].mac, mac(1));
  EXPECT_EQ(line[3].held_by, floor_1);
  EXPECT_EQ(line[4].mac, mac(4));
  EXPECT_TRUE(line[4].held);
  EXPECT_EQ(line[4].held_by, std::nullopt);
  const LineSummary summary = a.summary(start);
  ASSERT_EQ(summary.networks.size(), 1U);
  EXPECT_EQ(summary.networks[0].loading, 1U);
  EXPECT_EQ(summary.networks[0].waiting, 1U);
  EXPECT_EQ(summary.waiting, 2U);
  a.on_image_sent(mac(2));
  line = a.line(start);
  EXPECT_FALSE(line.back().held) << "its turn, whenever it asks";
}

TEST(AdmissionByNetwork, WhoseNetworkHasRoomAgainGoesBeforeThoseBehindIt) {
  Admission a(AdmissionBounds{2, {{floor_1, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  EXPECT_FALSE(a.on_script(mac(2), ClientKind::ipxe, start, elsewhere));
  EXPECT_TRUE(a.on_script(mac(3), ClientKind::ipxe, start, elsewhere));
  a.on_image_sent(mac(0));
  EXPECT_TRUE(a.on_script(mac(3), ClientKind::ipxe, start, elsewhere)) << "number 1 came before";
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  a.on_image_sent(mac(2));
  EXPECT_FALSE(a.on_script(mac(3), ClientKind::ipxe, start, elsewhere));
}

TEST(AdmissionByNetwork, ByDhcpTheRelayTellsTheNetworkAndLaterTheOwnAddress) {
  Admission a(AdmissionBounds{0, {{floor_1, 1}, {lab, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  policy::Facts behind_relay = machine(1, ClientKind::uefi_pxe);
  behind_relay.relay = {{10, 1, 0, 1}};
  EXPECT_TRUE(a.on_dhcp(behind_relay, true, start, elsewhere));
  EXPECT_FALSE(a.on_dhcp(machine(2, ClientKind::uefi_pxe), true, start, elsewhere));
  EXPECT_TRUE(a.on_dhcp(machine(3, ClientKind::uefi_pxe), true, start, {{10, 1, 0, 2}}))
      << "our own address there";
  // It was the last DISCOVER that EDK2 would send. What asks now has an address, in the lab.
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, at(seconds(30)), in_lab));
  EXPECT_FALSE(a.may_go(mac(3), at(seconds(30))));
  EXPECT_EQ(a.summary(start).networks[0].network, lab);
  EXPECT_EQ(a.summary(start).networks[0].loading, 1U);
}

TEST(AdmissionByNetwork, OtherBoundsAtAReload) {
  Admission a(AdmissionBounds{0, {{floor_1, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  EXPECT_FALSE(a.on_script(mac(2), ClientKind::ipxe, start, elsewhere));
  a.set_bounds({2, {}});
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  a.set_bounds({0, {{lab, 1}}});
  EXPECT_FALSE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  a.set_bounds({0, {{floor_1, 2}}});
  EXPECT_TRUE(a.on_script(mac(3), ClientKind::ipxe, start, on_floor));
  for (const unsigned n : {0U, 1U, 2U}) a.on_image_sent(mac(n));
  EXPECT_EQ(a.summary(start).loading, 0U);
  EXPECT_FALSE(a.on_script(mac(3), ClientKind::ipxe, start, on_floor));
}

TEST(AdmissionByNetwork, WhoFallsSilentFreesItsNetworksSlot) {
  Admission a(AdmissionBounds{0, {{floor_1, 1}}});
  EXPECT_FALSE(a.on_script(mac(0), ClientKind::ipxe, start, on_floor));
  EXPECT_TRUE(a.on_script(mac(1), ClientKind::ipxe, start, on_floor));
  EXPECT_TRUE(a.on_script(mac(2), ClientKind::ipxe, at(seconds(59)), on_floor));
  a.poll(at(seconds(60)));
  EXPECT_EQ(a.summary(at(seconds(60))).waiting, 1U);
  EXPECT_FALSE(a.on_script(mac(2), ClientKind::ipxe, at(seconds(60)), on_floor));
}

// --- crowds ------------------------------------------------------------------------------

// Machines that behave as their firmware was seen to. Whoever starts is checked against
// those that came before.
class Crowd {
 public:
  struct Machine {
    ClientKind kind = ClientKind::ipxe;
    base::Duration on;                      // switched on
    std::optional<base::Duration> chained;  // EDK2: its iPXE speaks
    std::optional<base::Duration> started, done;
    bool dies = false;  // once it has its slot
    bool gave_up = false;
    bool listens = false;  // EDK2, unanswered
  };

  Crowd(std::size_t slots, unsigned seed) : Crowd(AdmissionBounds{slots, {}}, slots, seed) {}
  // `slots`: for all.
  Crowd(const AdmissionBounds& bounds, std::size_t slots, unsigned seed)
      : admission_(bounds), slots_(slots), random_(seed) {}

  void add(ClientKind kind, base::Duration on, bool dies = false) {
    const auto n = static_cast<unsigned>(machines.size());
    Machine one;
    one.kind = kind;
    one.on = on;
    one.dies = dies;
    machines.push_back(one);
    when(on, [this, n] { switched_on(n); });
  }

  void run() {
    tick();
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.what();
    }
  }
  [[nodiscard]] std::size_t left() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(machines, [](const Machine& m) { return !m.done && !(m.dies && m.started); }));
  }

  std::vector<Machine> machines;
  std::size_t most_loading = 0;  // of those who can wait
  base::Duration now_{};

 private:
  struct Event {
    base::Duration at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& o) const { return at != o.at ? at > o.at : order > o.order; }
  };
  void when(base::Duration t, std::function<void()> what) { events_.push({t, ++order_, std::move(what)}); }
  base::Duration some(int from_ms, int to_ms) {
    return milliseconds(std::uniform_int_distribution<int>(from_ms, to_ms)(random_));
  }

  void switched_on(unsigned n) {
    if (machines[n].kind == ClientKind::uefi_pxe || machines[n].kind == ClientKind::uefi_http) {
      for (const int s : {0, 4, 12, 28}) when(machines[n].on + seconds(s), [this, n, s] { edk2(n, s); });
    } else if (machines[n].kind == ClientKind::ipxe) {
      ipxe(n);
    } else {
      EXPECT_FALSE(admission_.on_dhcp(machine(n, machines[n].kind), true, at(now_)));
      when(now_ + some(100, 900), [this, n] {
        admission_.on_menu(mac(n), machines[n].kind, at(now_));
        load(n);
      });
    }
  }
  // Its window, and with it what it decides, ends 4, 8, 16, 32 s after the DISCOVER.
  void edk2(unsigned n, int secs) {
    Machine& m = machines[n];
    if (m.chained) return;
    const auto facts = machine(n, m.kind, static_cast<std::uint16_t>(secs));
    m.listens = admission_.on_dhcp(facts, true, at(now_)).has_value();
    window_ends_[n] = now_ + seconds(secs + 4);
    if (!m.listens) return offered(n);
    if (secs == 28) m.gave_up = true;
  }
  void offered(unsigned n) {
    machines[n].listens = false;
    machines[n].chained = window_ends_[n] + some(100, 3000);
    when(*machines[n].chained, [this, n] { ipxe(n); });
  }
  void ipxe(unsigned n) {
    EXPECT_FALSE(admission_.on_dhcp(machine(n, ClientKind::ipxe, 11), true, at(now_)));
    when(now_ + some(50, 16000), [this, n] { script(n); });
  }
  void script(unsigned n) {
    if (admission_.on_script(mac(n), ClientKind::ipxe, at(now_))) {
      when(now_ + seconds(policy::script_asks_every_seconds) + some(0, 200), [this, n] { script(n); });
    } else {
      load(n);
    }
  }
  void load(unsigned n) {
    Machine& m = machines[n];
    m.started = now_;
    if (policy::waiting_of(m.kind).by != policy::WaitsBy::transfer) {
      ++loading_;
      EXPECT_LE(loading_ + earlier_that_wait(m), slots_) << "it took the slot of one that came before";
    }
    most_loading = std::max(most_loading, loading_);
    admission_.on_transfer_begun(mac(n), at(now_));
    when(now_ + some(2000, 90000), [this, n] {
      admission_.on_transfer_ended(mac(n), at(now_));
      if (policy::waiting_of(machines[n].kind).by != policy::WaitsBy::transfer) --loading_;
      if (machines[n].dies) return;
      admission_.on_image_sent(mac(n));
      machines[n].done = now_;
    });
  }
  // Those who came earlier and have not started.
  std::size_t earlier_that_wait(const Machine& m) {
    return static_cast<std::size_t>(std::ranges::count_if(
        machines, [&](const Machine& other) { return other.on < m.on && !other.started; }));
  }
  void tick() {
    if (left() > 0 && now_ < std::chrono::hours(3)) when(now_ + seconds(1), [this] { tick(); });
    admission_.poll(at(now_));
    for (unsigned n = 0; n < machines.size(); ++n) {
      if (machines[n].listens && admission_.may_go(mac(n), at(now_))) offered(n);
    }
  }

  Admission admission_;
  std::size_t slots_;
  std::size_t loading_ = 0;
  std::mt19937 random_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::map<unsigned, base::Duration> window_ends_;
};

TEST(Crowd, AThousandOfAllKindsFinish) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Crowd crowd(50, seed);
  std::mt19937 random(seed);
  const ClientKind kinds[] = {ClientKind::uefi_pxe, ClientKind::uefi_http, ClientKind::ipxe, ClientKind::ipxe,
                              ClientKind::bios_rom};
  for (unsigned n = 0; n < 1000; ++n) {
    const ClientKind kind = kinds[random() % std::size(kinds)];
    crowd.add(kind, milliseconds(random() % 20000), random() % 50 == 0);
  }
  crowd.run();
  EXPECT_EQ(crowd.left(), 0U);
  EXPECT_LE(crowd.most_loading, 50U);
  for (const Crowd::Machine& m : crowd.machines) {
    EXPECT_FALSE(m.gave_up);
    if (m.kind == ClientKind::bios_rom) {
      EXPECT_LE(*m.started - m.on, seconds(1)) << "it cannot wait";
    } else if (m.chained) {
      EXPECT_LE(*m.chained - m.on, seconds(64)) << "EDK2 survives no more";
    }
  }
}

TEST(Crowd, SlotsOfTheDeadAreFreed) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Crowd crowd(10, seed);
  for (unsigned n = 0; n < 10; ++n) crowd.add(ClientKind::ipxe, {}, true);
  for (unsigned n = 0; n < 40; ++n) crowd.add(ClientKind::uefi_pxe, seconds(20));
  crowd.run();
  EXPECT_EQ(crowd.left(), 0U);
}

}  // namespace
}  // namespace session
