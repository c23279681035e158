// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of devices: named one by one (Device::collections), taken in by a rule, or made of other
// collections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "policy/device.h"
#include "policy/facts.h"
#include "policy/rule.h"

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

 private:
  friend class Collections;
  void clear(std::size_t count) { words_.assign((count + 63) / 64, 0); }
  void set(std::size_t position, bool in) {
    const std::uint64_t bit = std::uint64_t{1} << (position % 64);
    words_[position / 64] = in ? words_[position / 64] | bit : words_[position / 64] & ~bit;
  }
  std::vector<std::uint64_t> words_;
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
  std::vector<Collection> all_;
  std::unordered_map<std::int64_t, std::size_t> by_id_;
  // Those that depend on more than being named, each behind what it is made of.
  struct Derived {
    std::size_t position = 0;
    std::vector<std::size_t> includes, excludes;
  };
  std::vector<Derived> derived_;
};

}  // namespace policy
