// SPDX-License-Identifier: GPL-3.0-or-later
// Which of many rules may hold for a machine, without weighing each of them. A rule that can only
// hold for machines of one relay, one subnet, or with certain letters in their name is looked up
// by that; one that says nothing of the kind (`all`, what stands under `not`) is always named.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/rule.h"

namespace policy {

class RuleIndex {
 public:
  RuleIndex() = default;
  explicit RuleIndex(std::span<const Rule> rules);

  // Puts the position of each rule that holds for `subject` behind `out`, and of some that do not;
  // in no order, some of them twice. Allocates only where `out` has to grow.
  void may_match(const RuleSubject& subject, std::vector<std::uint32_t>& out) const;

 private:
  // Something that a machine has or has not: the kind of fact above, its value below. Of a text
  // four letters in a row; of a subnet a hash of it.
  using Key = std::uint64_t;
  static constexpr int value_bits = 56;
  static constexpr std::size_t gram = 4;
  static Key key(Rule::Kind kind, std::uint64_t value) {
    return static_cast<Key>(kind) << value_bits | (value & ((Key{1} << value_bits) - 1));
  }
  static Key key_of_subnet(const base::Ip& first, std::uint8_t prefix);
  template <class Visit>
  static void each_gram(Rule::Kind kind, std::string_view text, const Visit& visit);
  template <class Visit>
  static void each_key_of_test(const Rule::Node& test, const Visit& visit);
  template <class Visit>
  void each_key(const RuleSubject& subject, const Visit& visit) const;

  // One of these has each machine for which a rule holds; `askers`: of the key that most rules ask for.
  struct Cover {
    std::vector<Key> keys;
    std::size_t askers = 0;
  };
  using Askers = std::unordered_map<Key, std::uint32_t>;
  static void gather_keys(const Rule& rule, std::size_t at, std::vector<Key>& out);
  static std::optional<Cover> cover(const Rule& rule, std::size_t at, const Askers& askers);

  // Most keys of a machine are no rule's: told from 2 kB that stay in the cache.
  static std::size_t hash(Key key) { return key * 0x9e3779b97f4a7c15U >> 40; }
  [[nodiscard]] bool may_be_there(Key key) const {
    const std::size_t bit = hash(key) & (filter_.size() * 64 - 1);
    return (filter_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  std::vector<std::uint32_t> always_;
  std::unordered_map<Key, std::vector<std::uint32_t>> rules_;
  std::vector<std::uint64_t> filter_{0};  // a power of two of them
  std::uint32_t kinds_ = 0;               // that any key is of, a bit each
  struct Prefix {
    base::IpFamily family;
    std::uint8_t bits;
    bool operator==(const Prefix&) const = default;
  };
  std::vector<Prefix> prefixes_;  // of the subnets that are keys
};

}  // namespace policy
