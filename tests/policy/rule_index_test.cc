// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rule_index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "sites.h"

namespace policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Positions = std::set<std::uint32_t>;

Positions found_in(const RuleIndex& index, const Facts& facts, std::string_view name) {
  std::vector<std::uint32_t> out;
  index.may_match(RuleSubject(facts, name), out);
  return {out.begin(), out.end()};
}

RuleIndex index_of(const std::vector<std::string>& texts) {
  std::vector<Rule> rules;
  rules.reserve(texts.size());
  for (const std::string& text : texts) rules.push_back(rule(text));
  return RuleIndex(rules);
}

Facts at_port(std::string_view circuit, std::string_view relay = "10.1.0.1") {
  Facts facts = machine();
  facts.relay = ipv4(relay);
  facts.network = facts.relay;
  EXPECT_TRUE(facts.circuit_id.assign(circuit));
  EXPECT_TRUE(facts.vendor_class.assign("PXEClient:Arch:00007:UNDI:003016"));
  return facts;
}

TEST(RuleIndex, WhatItLeavesOut) {
  struct Row {
    const char* rule;
    bool named;
  };
  const Facts facts = at_port("Gi1/0/17");
  const Row rows[] = {
      {"all", true},
      {"relay 10.1.0.1", true},
      {"relay 10.1.0.2", false},
      {"subnet 10.1.0.0/16", true},
      {"subnet 10.1.0.1/32", true},
      {"subnet 0.0.0.0/0", true},
      {"subnet 10.2.0.0/16", false},
      {"subnet 2001:db8::/32", false},
      {"arch x64", true},
      {"arch arm64", false},
      {"firmware uefi", true},
      {"firmware bios", false},
      {"circuit gi1/0/17", true},
      {"circuit \"Gi1/0/1*\"", true},
      {"circuit \"Gi9/*/17\"", false},
      {"circuit *7", true},  // too short to go by
      {"circuit *8", true},
      {"vendor *Arch:00007*", true},
      {"vendor *Arch:00006*", false},
      {"mac 52:54:00:??:*", true},
      {"mac 52:54:01:*", false},
      {"name PC-*", true},
      {"name lab-*", false},
      {"not relay 10.1.0.1", true},  // weighed, since it says who does not match
      {"relay 10.1.0.2 and not name lab-*", false},
      {"relay 10.1.0.2 or name lab-*", false},
      {"relay 10.1.0.2 or not name lab-*", true},
      {"relay 10.1.0.2 or (name pc-* and mac 52:54:*)", true},
  };
  for (const Row& row : rows)
    EXPECT_EQ(found_in(index_of({row.rule}), facts, "pc-0017").size(), row.named ? 1U : 0U) << row.rule;
}

TEST(RuleIndex, GoesByWhatTheFewestRulesAskFor) {
  std::vector<std::string> texts;
  for (int port = 10; port < 60; ++port)
    texts.push_back(fmt::format("firmware uefi and circuit \"Gi1/0/{}\"", port));
  for (int room = 100; room < 200; ++room) texts.push_back(fmt::format("name pc-{}* and arch x64", room));
  const RuleIndex index = index_of(texts);
  EXPECT_THAT(found_in(index, at_port("Gi1/0/17"), "pc-12345"), ElementsAre(7, 73));
  EXPECT_THAT(found_in(index, at_port("Gi1/0/99"), "server"), IsEmpty());
}

TEST(RuleIndex, ABiosMachineByItsProcessor) {
  Facts facts = machine(ClientKind::bios_rom, Arch::bios);
  const RuleIndex index = index_of({"arch bios", "arch x64", "arch ia32"});
  EXPECT_THAT(found_in(index, facts, ""), ElementsAre(0));
  facts.processor = Arch::x64;
  EXPECT_THAT(found_in(index, facts, ""), ElementsAre(0, 1));
}

TEST(RuleIndex, WhatIsNotKnownIsNotLookedUp) {
  Facts facts;
  facts.firmware_known = false;
  const RuleIndex index = index_of({"relay 0.0.0.0", "subnet 0.0.0.0/0", "arch bios", "firmware bios",
                                    "mac 00:00:*", "name \"*    *\"", "circuit ????"});
  EXPECT_THAT(found_in(index, facts, ""), ElementsAre(6)) << "nothing but what has no letters to go by";
}

std::string any_test(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return fmt::format("subnet 10.{}.0.0/{}", random() % 4, 8 + random() % 12);
    case 1:
      return fmt::format("relay 10.{}.0.1", random() % 4);
    case 2:
      return fmt::format("circuit \"Gi{}/{}\"", random() % 3, random() % 2 == 0 ? "0/1*" : "?/12");
    case 3:
      return fmt::format("vendor {}", random() % 2 == 0 ? "*Arch:0000?*" : "pxeCLIENT:*:00007*");
    case 4:
      return random() % 2 == 0 ? "arch x64" : "arch bios";
    case 5:
      return random() % 2 == 0 ? "firmware uefi" : "firmware bios";
    case 6:
      return fmt::format("mac 52:54:00:0{}:*", random() % 3);
    default:
      return fmt::format("name {}", random() % 2 == 0 ? "*-1?2*" : "PC-12*");
  }
}

std::string any_rule(std::mt19937& random, int depth) {
  const auto kind = random() % 6;
  if (depth == 0 || kind < 2) return any_test(random);
  if (kind == 2) return "not (" + any_rule(random, depth - 1) + ")";
  std::string out = "(" + any_rule(random, depth - 1);
  for (auto more = 1 + random() % 2; more > 0; --more)
    out += (kind == 3 ? " or " : " and ") + any_rule(random, depth - 1);
  return out + ")";
}

Facts any_machine(std::mt19937& random) {
  const bool bios = random() % 2 == 0;
  Facts facts = machine(bios ? ClientKind::bios_rom : ClientKind::uefi_pxe, bios ? Arch::bios : Arch::x64);
  facts.mac.octets = {0x52, 0x54, 0, static_cast<std::uint8_t>(random() % 3), 0, 7};
  if (random() % 4 != 0) facts.relay = ipv4(fmt::format("10.{}.0.1", random() % 4));
  if (random() % 4 != 0) facts.network = ip(fmt::format("10.{}.{}.9", random() % 4, random() % 256));
  if (random() % 4 == 0 && bios) facts.processor = Arch::x64;
  facts.firmware_known = random() % 8 != 0;
  const std::string circuit = fmt::format("Gi{}/0/1{}", random() % 3, random() % 3);
  EXPECT_TRUE(facts.circuit_id.assign(random() % 4 != 0 ? circuit : ""));
  const std::string vendor = bios ? "PXEClient:Arch:00000" : "PXEClient:Arch:00007:x";
  EXPECT_TRUE(facts.vendor_class.assign(random() % 4 != 0 ? vendor : ""));
  return facts;
}

TEST(RuleIndex, LeavesOutNoRuleThatHolds) {
  std::mt19937 random(11);
  std::size_t held = 0, named = 0, all = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Rule> rules;
    for (int i = 0; i < 40; ++i) rules.push_back(rule(any_rule(random, 3)));
    const RuleIndex index(rules);
    for (int i = 0; i < 10; ++i) {
      const Facts facts = any_machine(random);
      const std::string name = random() % 3 == 0 ? "" : fmt::format("pc-12{}", random() % 30);
      const Positions found = found_in(index, facts, name);
      for (std::uint32_t at = 0; at < rules.size(); ++at) {
        if (!rules[at].matches(facts, name)) continue;
        ++held;
        ASSERT_TRUE(found.contains(at)) << "round " << round << ": " << rules[at].print();
      }
      named += found.size();
      all += rules.size();
    }
  }
  EXPECT_GT(held, 10000U);
  EXPECT_LT(named, all * 2 / 3) << "it leaves out too few to be of use";
}

}  // namespace
}  // namespace policy
