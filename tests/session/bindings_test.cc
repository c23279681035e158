// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/bindings.h"

#include <gtest/gtest.h>

namespace session {
namespace {

using std::chrono::minutes;

const base::Mac first{{2, 0, 0, 0, 0, 1}}, second{{2, 0, 0, 0, 0, 2}};
const base::Ipv4 here{{10, 0, 0, 50}}, there{{10, 0, 0, 51}};
const base::Uuid uuid_a{{1}}, uuid_b{{2}};
const base::Time start{};
constexpr unsigned eth0 = 2, eth1 = 3;

Learned seen(const base::Mac& mac, base::Ipv4 address, LearnedFrom from = LearnedFrom::boot_service,
             unsigned interface = eth0) {
  Learned learned{address, interface, {}, from};
  learned.facts.mac = mac;
  learned.facts.kind = policy::ClientKind::uefi_pxe;
  learned.facts.arch = policy::Arch::x64;
  learned.facts.uuid = uuid_a;
  return learned;
}
Learned bare(const base::Mac& mac, base::Ipv4 address, LearnedFrom from = LearnedFrom::overheard_request) {
  Learned learned{address, eth0, {}, from};
  learned.facts.mac = mac;
  learned.facts.firmware_known = false;
  return learned;
}

TEST(Bindings, RememberWhoUsedAnAddress) {
  Bindings b;
  EXPECT_EQ(b.who(here, eth0, start), nullptr);
  b.learn(seen(first, here), start);
  ASSERT_NE(b.who(here, eth0, start), nullptr);
  EXPECT_EQ(b.who(here, eth0, start)->facts.mac, first);
  EXPECT_EQ(b.who(here, eth1, start), nullptr) << "the same address on another interface is another machine";
  EXPECT_EQ(b.who(there, eth0, start), nullptr);
}

TEST(Bindings, SecondMachineTakesOverTheFirstOnesAddress) {
  for (const LearnedFrom from : {LearnedFrom::boot_service, LearnedFrom::overheard_request}) {
    Bindings b;
    b.learn(seen(first, here), start);
    b.learn(seen(second, here, from), start + minutes(1));
    EXPECT_EQ(b.who(here, eth0, start + minutes(1))->facts.mac, second);
  }
}

TEST(Bindings, OperatingSystemThatTakesOverAnAddressIsNotTheBootingMachine) {
  Bindings b;
  b.learn(seen(first, here), start);
  b.learn(bare(second, here), start);
  const Binding* binding = b.who(here, eth0, start);
  EXPECT_EQ(binding->facts.mac, second);
  EXPECT_FALSE(binding->facts.firmware_known);
  EXPECT_FALSE(binding->facts.uuid) << "the first machine's UUID must not stick";
}

TEST(Bindings, MachineThatMovesLeavesItsOldAddress) {
  Bindings b;
  b.learn(seen(first, here), start);
  b.learn(seen(first, there), start);
  EXPECT_EQ(b.who(here, eth0, start), nullptr);
  EXPECT_EQ(b.who(there, eth0, start)->facts.mac, first);
}

TEST(Bindings, MachineThatMovesLeavesItsSuccessorAlone) {
  Bindings b;
  b.learn(seen(first, here), start);
  b.learn(seen(second, here), start);
  b.learn(seen(first, there), start);
  EXPECT_EQ(b.who(here, eth0, start)->facts.mac, second);
}

TEST(Bindings, BareEvidenceRenewsButDoesNotForgetTheFirmware) {
  Bindings b(8, minutes(60));
  b.learn(seen(first, here), start);
  b.learn(bare(first, here), start + minutes(50));
  const Binding* binding = b.who(here, eth0, start + minutes(100));
  ASSERT_NE(binding, nullptr);
  EXPECT_EQ(binding->facts.kind, policy::ClientKind::uefi_pxe);
  EXPECT_TRUE(binding->facts.firmware_known);
}

TEST(Bindings, NewerFactsOfTheSameMachineCount) {
  Bindings b;
  b.learn(seen(first, here), start);
  Learned as_ipxe = seen(first, here);
  as_ipxe.facts.kind = policy::ClientKind::ipxe;
  as_ipxe.facts.uuid.reset();
  b.learn(as_ipxe, start);
  EXPECT_EQ(b.who(here, eth0, start)->facts.kind, policy::ClientKind::ipxe);
  EXPECT_EQ(b.who(here, eth0, start)->facts.uuid, uuid_a);
}

TEST(Bindings, Expire) {
  Bindings b(8, minutes(60));
  b.learn(seen(first, here), start);
  EXPECT_NE(b.who(here, eth0, start + minutes(59)), nullptr);
  EXPECT_EQ(b.who(here, eth0, start + minutes(60)), nullptr);
  EXPECT_EQ(b.size(), 0U);
}

TEST(Bindings, AreBoundedAndTheLongestUntouchedMakesRoom) {
  Bindings b(100);
  b.learn(seen(first, here), start);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    if (i % 50 == 0) b.learn(seen(first, here), start);  // the good client goes on
    base::Mac mac{{6, 0, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
    b.learn(seen(mac, base::Ipv4::from_host_order(0x0a010000 + i)), start);
    EXPECT_LE(b.size(), 100U);
  }
  EXPECT_NE(b.who(here, eth0, start), nullptr);
  EXPECT_EQ(b.who(base::Ipv4::from_host_order(0x0a010000), eth0, start), nullptr);
}

TEST(Bindings, NoAddressAndNoMachineAreNotLearned) {
  Bindings b;
  b.learn(seen(first, {}), start);
  b.learn(seen({}, here), start);
  EXPECT_EQ(b.size(), 0U);
}

// --- resolve ------------------------------------------------------------------------------

std::string outcome(const Resolved& resolved) {
  if (const auto* known = std::get_if<Known>(&resolved)) {
    return known->facts.mac.print() + " by " + std::string(print(known->from)) +
           (known->facts.firmware_known ? "" : ", MAC only");
  }
  if (const auto* no = std::get_if<Contradiction>(&resolved))
    return "contradiction with " + no->bound.print();
  return "unknown";
}

TEST(Resolve, Table) {
  const NeighbourOf nobody = [](base::Ipv4, unsigned) { return std::nullopt; };
  const NeighbourOf is_second = [](base::Ipv4, unsigned) { return second; };
  struct Row {
    const char* name;
    bool bound;  // `here` is bound to `first`
    NameIdentity in_name;
    NeighbourOf neighbour;
    const char* want;
  };
  const Row rows[] = {
      {"nothing known", false, {}, nobody, "unknown"},
      {"no way to ask neighbours", false, {}, {}, "unknown"},
      {"neighbour only", false, {}, is_second, "02:00:00:00:00:02 by neighbour, MAC only"},
      {"binding", true, {}, nobody, "02:00:00:00:00:01 by boot-service"},
      {"binding before neighbour", true, {}, is_second, "02:00:00:00:00:01 by boot-service"},
      {"name only", false, {first, {}}, nobody, "02:00:00:00:00:01 by name, MAC only"},
      {"name before neighbour", false, {first, {}}, is_second, "02:00:00:00:00:01 by name, MAC only"},
      {"name agrees with the binding", true, {first, {}}, nobody, "02:00:00:00:00:01 by boot-service"},
      {"another machine's name", true, {second, {}}, nobody, "contradiction with 02:00:00:00:00:01"},
      {"UUID agrees", true, {{}, uuid_a}, nobody, "02:00:00:00:00:01 by boot-service"},
      {"another machine's UUID", true, {{}, uuid_b}, nobody, "contradiction with 02:00:00:00:00:01"},
      {"UUID never set", true, {{}, base::Uuid{}}, nobody, "02:00:00:00:00:01 by boot-service"},
      {"MAC right, UUID wrong", true, {first, uuid_b}, nobody, "contradiction with 02:00:00:00:00:01"},
      {"UUID without binding", false, {{}, uuid_a}, is_second, "unknown"},
  };
  for (const Row& row : rows) {
    Bindings b;
    if (row.bound) b.learn(seen(first, here), start);
    EXPECT_EQ(outcome(b.resolve(here, eth0, row.in_name, row.neighbour, start)), row.want) << row.name;
  }
}

TEST(Resolve, AfterATakeoverTheFirstMachinesNameIsRefused) {
  Bindings b;
  b.learn(seen(first, here), start);
  b.learn(seen(second, here), start);
  EXPECT_EQ(outcome(b.resolve(here, eth0, {first, {}}, {}, start)), "contradiction with 02:00:00:00:00:02");
  EXPECT_EQ(outcome(b.resolve(here, eth0, {}, {}, start)), "02:00:00:00:00:02 by boot-service");
}

// What a detecting program found and what was chosen belong to one boot, whoever speaks in it.
TEST(Bindings, WhatWasToldInABootIsKeptUntilTheNext) {
  using policy::ClientKind;
  const auto told = [](ClientKind kind, base::Ipv4 address) {
    Learned learned = seen(first, address);
    learned.facts.kind = kind;
    return learned;
  };
  for (const base::Ipv4 next : {here, there}) {  // an iPXE may get another lease than the ROM had
    Bindings b;
    Learned found = told(ClientKind::wds_program, here);
    found.facts.processor = policy::Arch::ia32;
    found.facts.chosen_item = 32769;
    b.learn(found, start);
    policy::Facts ipxe = told(ClientKind::ipxe, {}).facts;
    b.recall(ipxe, start);
    EXPECT_EQ(ipxe.processor, policy::Arch::ia32);
    EXPECT_EQ(ipxe.chosen_item, 32769);
    policy::Facts other = seen(second, {}).facts;
    b.recall(other, start);
    EXPECT_FALSE(other.processor);

    b.learn(told(ClientKind::ipxe, next), start + minutes(1));
    EXPECT_EQ(b.who(next, eth0, start + minutes(1))->facts.processor, policy::Arch::ia32);
    b.learn(bare(first, next), start + minutes(2));
    EXPECT_EQ(b.who(next, eth0, start + minutes(2))->facts.chosen_item, 32769);
    b.learn(told(ClientKind::bios_rom, next), start + minutes(3));
    EXPECT_FALSE(b.who(next, eth0, start + minutes(3))->facts.processor) << "switched on again";
    EXPECT_FALSE(b.who(next, eth0, start + minutes(3))->facts.chosen_item);
    policy::Facts later = told(ClientKind::ipxe, {}).facts;
    b.recall(later, start + minutes(3));
    EXPECT_FALSE(later.processor);
  }
}

}  // namespace
}  // namespace session
