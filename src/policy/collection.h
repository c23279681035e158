// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of devices: named one by one (Device::collections), taken in by a rule, or made of other
// collections.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "policy/device.h"
#include "policy/facts.h"
#include "policy/rule.h"
#include "policy/rule_index.h"

namespace policy {

struct Collection {
  std::int64_t id = 0;
  std::string name;
  std::optional<Rule> rule;            // takes in whoever matches, besides those named
  std::vector<std::int64_t> includes;  // their members are ours, too
  std::vector<std::int64_t> excludes;  // their members never are
  std::int64_t referral = 0;           // sends the members to another server; 0: none
  bool operator==(const Collection&) const = default;
};

// Which collections one machine is in. Reusable: deciding allocates nothing once it has grown.
class Memberships {
 public:
  [[nodiscard]] bool in(std::size_t position) const {
    return (words_[position / 64] >> (position % 64) & 1) != 0;
  }
  // The positions of those it is in, ascending.
  template <class Visit>
  void each(const Visit& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1)
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
    }
  }

 private:
  friend class Collections;
  using Words = std::vector<std::uint64_t>;
  static void set(Words& words, std::size_t position) {
    words[position / 64] |= std::uint64_t{1} << (position % 64);
  }
  static void clear(Words& words, std::size_t position) {
    words[position / 64] &= ~(std::uint64_t{1} << (position % 64));
  }
  Words words_;
  // While it is worked out: the derived ones that have to be looked at, and rules that may hold.
  Words open_;
  std::vector<std::uint32_t> rules_;
};

// All collections of a site, ready to be asked.
class Collections {
 public:
  Collections() = default;
  // Refuses cycles and unknown ids, by name.
  static base::Result<Collections> make(std::vector<Collection> all);

  [[nodiscard]] const std::vector<Collection>& all() const { return all_; }
  // Position in all(); nothing where there is no such id.
  [[nodiscard]] std::optional<std::size_t> position(std::int64_t id) const;
  // Where `device` is a member, as the machine that `facts` describe speaks now.
  void members(const Device& device, const Facts& facts, Memberships& out) const;

 private:
  // One that depends on more than being named; each stands behind what it is made of.
  struct Derived {
    std::uint32_t position = 0;
    std::uint32_t parts = 0;  // where they begin in parts_: includes, then excludes
    std::uint32_t includes = 0, excludes = 0;
    std::optional<std::uint32_t> rule;  // in rules_
  };
  void find_users();
  // To be called of one that the machine is in: those that are made of it have to be looked at.
  void open_users(std::size_t position, Memberships& of) const;

  std::vector<Collection> all_;
  std::unordered_map<std::int64_t, std::size_t> by_id_;
  std::vector<Derived> derived_;
  std::vector<std::uint32_t> parts_;
  std::vector<Rule> rules_;
  std::vector<std::uint32_t> of_rule_;  // whose it is, in derived_
  RuleIndex index_;                     // over rules_
  // In derived_, those made of a position in all(), and itself if it is one: users_ from
  // first_user_[position] up to that of the next.
  std::vector<std::uint32_t> first_user_, users_;
};

}  // namespace policy
