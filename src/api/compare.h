// SPDX-License-Identifier: GPL-3.0-or-later
// Which machines a proposed model would boot differently.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "api/json.h"
#include "policy/decide.h"

namespace api {

// What is known of a machine while it is switched off. From its record alone: an address and a
// UUID. Its architecture, firmware, network, relay and vendor class are not known then, so that
// rules about them match nothing, no image is refused for the architecture, and no network's own
// settings hold. A server that remembers how machines spoke last can tell more.
using FactsOf = std::function<policy::Facts(const policy::Device& device)>;
policy::Facts facts_of_record(const policy::Device& device);

struct Comparison {
  static constexpr std::size_t capacity = 1000;
  struct Machine {
    std::string device, now, then;  // its name; api::in_short of both
    bool operator==(const Machine&) const = default;
  };
  std::vector<Machine> machines;  // that differ, by name; at most `capacity`
  std::size_t more = 0;           // that differ besides
  std::size_t compared = 0;
};
// Every device of either is asked once, by its first address and its UUID, each time as the
// same machine: under another name it is no other. One thread; a million take seconds.
Comparison compare(const policy::Snapshot& now, const policy::Snapshot& then, const policy::Now& at,
                   const FactsOf& facts_of = facts_of_record);
// {"machines": [{"device", "now", "then"}], "compared", "more"?}
Json to_json(const Comparison& comparison);

}  // namespace api
