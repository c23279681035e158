// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of hardware addresses, whole or by their beginning: machines that are never answered,
// adapters that wander from machine to machine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace policy {

// The first `octets` octets of an address: 3 are a maker (OUI), 6 one address.
struct MacPrefix {
  std::array<std::uint8_t, 6> value{};  // zero behind the prefix
  std::uint8_t octets = 6;
  auto operator<=>(const MacPrefix&) const = default;

  // "52:54:00", "52-54-00-12", "52:54:00:*" or any spelling of a whole address.
  static std::optional<MacPrefix> parse(std::string_view text);
  [[nodiscard]] std::string print() const;
};

class MacList {
 public:
  MacList() = default;
  explicit MacList(std::vector<MacPrefix> prefixes);
  // The prefix that covers it, the longest one. By binary search: a list may be long.
  [[nodiscard]] const MacPrefix* covering(base::Mac mac) const;
  [[nodiscard]] const std::vector<MacPrefix>& all() const { return prefixes_; }

 private:
  std::vector<MacPrefix> prefixes_;  // ascending
  unsigned lengths_ = 0;             // bit n: there is a prefix of n octets
};

// One prefix a line; '#' begins a comment. The error names the line.
base::Result<std::vector<MacPrefix>> parse_mac_list(std::string_view text);

}  // namespace policy
