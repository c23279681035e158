// SPDX-License-Identifier: GPL-3.0-or-later
// Which machines are sent to another server, and to which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sites.h"
#include "words.h"

namespace policy {
namespace {

BootServer server(std::int64_t id, std::vector<BootServer::File> files) {
  return {id, "server-" + std::to_string(id), ipv4("10.0.0.9"), std::move(files)};
}

// Referral 10 n leads to the one server n.
struct Site {
  SiteModel model;
  DeviceExtras extras;
  Device record = device(1, {mac_1});
  Facts facts = machine();

  Site() {
    for (std::int64_t id = 1; id <= 3; ++id) {
      model.servers.push_back(server(id, {{Arch::x64, "x64/boot.efi"}, {Arch::bios, "bios/boot.0"}}));
      model.referrals.push_back({10 * id, "r", {{id, 1}}});
    }
    model.collections = {collection(1), collection(2)};
    model.collections[1].rule = rule("arch x64");
    model.networks = {network(1, "10.1.0.0/16")};
    model.deployments = {deployment(1, ToAll{}, Purpose::required)};
    model.images = {image(1)};
    facts.network = ip("10.1.0.1");
  }
  [[nodiscard]] std::string words() const {
    const Snapshot s = site(model, {with_extras(record, extras)});
    return in_words(decide(facts, s, {}));
  }
};

TEST(Referral, DeviceBeforeCollectionBeforeNetworkBeforeDeployments) {
  Site s;
  EXPECT_EQ(s.words(), "boot image=1 by=1 prompt=opt-in");
  s.model.networks[0].referral = 30;
  EXPECT_EQ(s.words(), "refer 30 to 3 for x64/boot.efi");
  s.model.collections[1].referral = 20;
  EXPECT_EQ(s.words(), "refer 20 to 2 for x64/boot.efi");
  s.extras.referral = 10;
  EXPECT_EQ(s.words(), "refer 10 to 1 for x64/boot.efi");
  s.extras.referral = 99;
  EXPECT_EQ(s.words(), "refer 20 to 2 for x64/boot.efi") << "a referral that is gone refers nobody";
}

TEST(Referral, WhomItIsFor) {
  Site s;
  s.model.collections[0].referral = 10;
  EXPECT_EQ(s.words(), "boot image=1 by=1 prompt=opt-in") << "no member";
  s.record.collections = {1};
  EXPECT_EQ(s.words(), "refer 10 to 1 for x64/boot.efi");
  s.model.networks[0].referral = 30;
  s.facts.mac = mac_2;
  EXPECT_EQ(s.words(), "refer 30 to 3 for x64/boot.efi") << "a network refers strangers, too";
  s.facts.network = ip("10.2.0.1");
  EXPECT_EQ(s.words(), "boot image=1 by=1 prompt=opt-in");
  s.facts.mac = mac_1;
  s.record.state = DeviceState::pending;
  EXPECT_EQ(s.words(), "ask 1");
  s.record.state = DeviceState::rejected;
  EXPECT_EQ(s.words(), "abort rejected");
}

TEST(Referral, ADeadServerIsLeftOutWhileAnotherIsThere) {
  Site s;
  s.extras.referral = 10;
  s.model.referrals[0].shares = {{1, 1}, {2, 1}};
  for (const std::int64_t dead : {1, 2}) {
    s.model.dead_servers = {dead};
    EXPECT_EQ(s.words(), fmt::format("refer 10 to {} for x64/boot.efi", 3 - dead));
  }
  s.model.dead_servers = {};
  const std::string with_both = s.words();
  s.model.dead_servers = {1, 2};
  EXPECT_EQ(s.words(), with_both) << "none is better than the other: sent all the same";
  const Snapshot snapshot = site(s.model, {with_extras(s.record, s.extras)});
  EXPECT_THAT(trail_of(decide(s.facts, snapshot, {})),
              testing::Contains("referral applied not-answering 10"));
}

TEST(Referral, ADeadServerThatAloneServesAnArchitectureIsKept) {
  Site s;
  s.extras.referral = 10;
  s.model.referrals[0].shares = {{1, 1}, {2, 1}};
  s.model.servers[0].files = {{Arch::arm64, "a64.efi"}};
  s.facts.arch = Arch::arm64;
  s.model.dead_servers = {1};
  EXPECT_EQ(s.words(), "refer 10 to 1 for a64.efi");
}

TEST(Referral, FirmwareThatStaysWithWhoAnsweredItIsNotReferred) {
  Site s;
  s.extras.referral = 10;
  s.model.servers[0].files.push_back({Arch::arm64, "pi/start4.elf"});
  s.facts = machine(ClientKind::raspberry_pi, Arch::arm64);
  EXPECT_EQ(s.words(), "silent no-boot-server");
  s.facts = machine(ClientKind::uboot, Arch::arm64);
  EXPECT_EQ(s.words(), "refer 10 to 1 for pi/start4.elf");
}

TEST(Referral, OnlyWhoServesTheArchitecture) {
  Site s;
  s.extras.referral = 10;
  s.model.referrals[0].shares = {{1, 1}, {2, 1000}};
  s.model.servers[0].files = {{Arch::arm64, "a64.efi"}};
  s.facts.arch = Arch::arm64;
  EXPECT_EQ(s.words(), "refer 10 to 1 for a64.efi");
  s.facts.arch = Arch::riscv64;
  EXPECT_EQ(s.words(), "silent no-boot-server");
  s.facts.firmware_known = false;
  EXPECT_EQ(s.words().substr(0, 12), "refer 10 to ") << "known by a name alone: nothing speaks against it";
  s.model.servers[0].files.clear();
  s.model.servers[1].files.clear();
  EXPECT_EQ(s.words(), "silent no-boot-server");
}

TEST(Referral, SharesWithoutWeightOrServerCountNothing) {
  Site s;
  s.extras.referral = 10;
  s.model.referrals[0].shares = {{1, 0}, {77, 50}, {2, 1}};
  EXPECT_EQ(s.words(), "refer 10 to 2 for x64/boot.efi");
  s.model.referrals[0].shares = {{1, 0}, {77, 50}};
  EXPECT_EQ(s.words(), "silent no-boot-server");
}

// Addresses as makers give them out: one after the other, or in steps of an adapter's ports.
TEST(Referral, WeightsShareOutTheMachines) {
  Site s;
  s.model.networks[0].referral = 10;
  const std::vector<std::vector<std::uint16_t>> weightings = {
      {1, 1, 1}, {1, 1, 2}, {5, 3, 2}, {90, 9, 1}, {1, 1, 0}};
  for (const auto& weights : weightings) {
    s.model.referrals[0].shares = {{1, weights[0]}, {2, weights[1]}, {3, weights[2]}};
    const Snapshot snapshot = site(s.model);
    for (const std::uint64_t step : {1U, 2U, 4U, 256U}) {
      constexpr std::uint64_t machines = 10000;
      std::map<std::int64_t, int> got;
      for (std::uint64_t i = 0; i < machines; ++i) {
        s.facts.mac = numbered_mac(0x123400 + i * step);
        const Plan plan = decide(s.facts, snapshot, {});
        const std::int64_t met = std::get<Refer>(plan.outcome).server->id;
        if (i % 100 == 0) {
          ASSERT_EQ(std::get<Refer>(decide(s.facts, snapshot, {}).outcome).server->id, met) << "each time";
        }
        ++got[met];
      }
      const double total = weights[0] + weights[1] + weights[2];
      for (std::int64_t id = 1; id <= 3; ++id) {
        const double want = weights[static_cast<std::size_t>(id - 1)] / total;
        EXPECT_NEAR(got[id] / static_cast<double>(machines), want, 0.03)
            << "server " << id << ", addresses in steps of " << step;
      }
    }
  }
}

TEST(Referral, OnlyTheDeadServersMachinesMove) {
  Site s;
  s.model.networks[0].referral = 10;
  s.model.referrals[0].shares = {{1, 3}, {2, 1}, {3, 2}};
  const auto placed = [&](std::vector<std::int64_t> dead) {
    s.model.dead_servers = std::move(dead);
    const Snapshot snapshot = site(s.model);
    std::vector<std::int64_t> at;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      s.facts.mac = numbered_mac(0x123400 + i);
      at.push_back(std::get<Refer>(decide(s.facts, snapshot, {}).outcome).server->id);
    }
    return at;
  };
  const auto before = placed({});
  for (const std::int64_t dead : {1, 2, 3}) {
    const auto after = placed({dead});
    std::map<std::int64_t, int> took;
    for (std::size_t i = 0; i < before.size(); ++i) {
      ASSERT_NE(after[i], dead);
      if (before[i] != dead) {
        ASSERT_EQ(after[i], before[i]) << "machine " << i << " moved for nothing";
      } else {
        ++took[after[i]];
      }
    }
    EXPECT_EQ(took.size(), 2U) << "the others share what server " << dead << " had";
  }
  EXPECT_EQ(placed({}), before) << "and it all comes back";
  // A weight that grows takes machines from the others, and moves none between them.
  s.model.referrals[0].shares[1].weight = 5;
  const auto heavier = placed({});
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(heavier[i] == before[i] || heavier[i] == 2) << "machine " << i;
  }
}

TEST(Referral, AClassroomOfTwoPortAdaptersIsSharedOut) {
  Site s;
  s.model.networks[0].referral = 10;
  s.model.referrals[0].shares = {{1, 1}, {2, 1}};
  const Snapshot snapshot = site(s.model);
  int first = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    s.facts.mac = numbered_mac(0x123400 + 2 * i);
    first += std::get<Refer>(decide(s.facts, snapshot, {}).outcome).server->id == 1 ? 1 : 0;
  }
  EXPECT_GT(first, 15);
  EXPECT_LT(first, 45);
}

}  // namespace
}  // namespace policy
