// SPDX-License-Identifier: GPL-3.0-or-later
// Rules over facts: which machines a collection takes in by itself, and which strangers a
// deployment is for. Written by people, checked when they are written, matched in packets'
// way without an allocation.
//
//   subnet 10.1.0.0/16 and not (arch arm64 or name "lab-*")
//
//   rule := "all" | any;  any := and-list { "or" and-list };  and-list := item { "and" item }
//   item := "not" item | "(" any ")" | test;  test := fact value
//   fact := subnet NET/BITS | relay ADDRESS | circuit PATTERN | arch ARCH | vendor PATTERN |
//           firmware bios|uefi|u-boot|raspberry-pi | mac PATTERN | name PATTERN
//
// PATTERN knows '*' and '?' and no case; quotes are needed where it holds blanks or brackets.
// What is not known of a machine (a fact that it never told) matches nothing, not even under
// `not`: nobody is served for what we do not know. A rule gives the same answer for each
// program that speaks on a machine in the course of one boot, with one exception: `vendor` is
// what each of them says of itself (HTTPClient first, then iPXE's PXEClient).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "policy/facts.h"

namespace policy {

// What a rule that does not parse says: counted in octets from 0, for a mark under the text.
struct RuleError {
  std::size_t position = 0;
  std::string what;
  bool operator==(const RuleError&) const = default;
};

// A machine as rules ask about it: what all of them want is worked out once.
class RuleSubject {
 public:
  // Both must outlive it. `name`: the device's; empty for a machine without one, which no `name`
  // test matches.
  RuleSubject(const Facts& facts, std::string_view name);

 private:
  friend class Rule;
  friend class RuleIndex;
  const Facts& facts_;
  std::string_view name_;
  std::array<char, 17> mac_;
  bool knows_mac_, knows_network_, knows_relay_;
};

class Rule {
 public:
  // Bounds on what one rule may cost a packet.
  static constexpr std::size_t max_tests = 64;
  static constexpr std::size_t max_depth = 16;
  static constexpr std::size_t max_text = 2048;  // as written, and in the one spelling

  static base::Result<Rule, RuleError> parse(std::string_view text);
  // Matches everybody.
  Rule();

  [[nodiscard]] bool matches(const RuleSubject& subject) const;
  [[nodiscard]] bool matches(const Facts& facts, std::string_view name) const {
    return matches(RuleSubject(facts, name));
  }
  // One spelling for each rule; parse(print()) gives the same rule.
  [[nodiscard]] std::string print() const;
  bool operator==(const Rule&) const = default;

 private:
  friend class RuleParser;
  friend class RuleIndex;
  enum class Kind : std::uint8_t {
    everybody,
    any_of,  // of `count` nodes that follow
    all_of,
    negation,
    subnet,
    relay,
    circuit,
    arch,
    vendor,
    firmware,
    mac,
    name
  };
  enum class Truth : std::uint8_t { no, yes, unknown };
  using Operand = std::variant<std::monostate, base::IpNet, base::Ipv4, Arch, Firmware, std::string>;
  // In the order of writing, each before what it is made of; `size` counts itself and all below.
  struct Node {
    Kind kind = Kind::everybody;
    std::uint16_t size = 1;
    Operand operand;
    bool operator==(const Node&) const = default;
  };

  static Truth truth_of_arch(const Facts& facts, Arch arch);
  static Truth truth_of_test(const Node& node, const RuleSubject& subject);
  [[nodiscard]] Truth truth(std::size_t at, const RuleSubject& subject) const;
  void print(std::size_t at, bool bracket, std::string& out) const;

  std::vector<Node> nodes_;
};

// '*' any run of octets, '?' any one; ASCII letters of either case are the same.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace policy
