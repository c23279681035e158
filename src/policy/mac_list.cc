// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/mac_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace policy {

std::optional<MacPrefix> MacPrefix::parse(std::string_view text) {
  if (const auto whole = base::Mac::parse(text)) return MacPrefix{whole->octets, 6};
  if (text.ends_with('*')) text.remove_suffix(1);
  while (text.ends_with(':') || text.ends_with('-')) text.remove_suffix(1);
  MacPrefix prefix;
  prefix.octets = 0;
  while (!text.empty()) {
    if (prefix.octets == 6 || text.size() < 2) return std::nullopt;
    const char* const end = text.data() + 2;
    const auto [stop, error] = std::from_chars(text.data(), end, prefix.value.at(prefix.octets++), 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    text.remove_prefix(2);
    if (text.empty()) break;
    if (text.front() != ':' && text.front() != '-') return std::nullopt;
    text.remove_prefix(1);
  }
  return prefix.octets == 0 ? std::nullopt : std::optional(prefix);
}

std::string MacPrefix::print() const {
  const auto text = base::Mac{value}.text();
  return {text.data(), octets * std::size_t{3} - 1};
}

MacList::MacList(std::vector<MacPrefix> prefixes) : prefixes_(std::move(prefixes)) {
  std::ranges::sort(prefixes_);
  // Not std::ranges::unique, which clang 14 cannot compile.
  prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
  for (const MacPrefix& each : prefixes_) lengths_ |= 1U << each.octets;
}

const MacPrefix* MacList::covering(base::Mac mac) const {
  MacPrefix wanted{mac.octets, 6};
  for (; wanted.octets > 0; wanted.value.at(--wanted.octets) = 0) {
    if ((lengths_ >> wanted.octets & 1U) == 0) continue;
    const auto found = std::ranges::lower_bound(prefixes_, wanted);
    if (found != prefixes_.end() && *found == wanted) return &*found;
  }
  return nullptr;
}

base::Result<std::vector<MacPrefix>> parse_mac_list(std::string_view text) {
  std::vector<MacPrefix> prefixes;
  for (std::size_t line = 1; !text.empty(); ++line) {
    std::string_view one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    one = one.substr(0, one.find('#'));
    const auto from = one.find_first_not_of(" \t\r");
    if (from == std::string_view::npos) continue;
    one = one.substr(from, one.find_last_not_of(" \t\r") - from + 1);
    const auto prefix = MacPrefix::parse(one);
    if (!prefix)
      return base::fail("line {}: \"{}\" is no hardware address nor the beginning of one", line, one);
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

}  // namespace policy
