// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rule_index.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace policy {

RuleIndex::Key RuleIndex::key_of_subnet(const base::Ip& first, std::uint8_t prefix) {
  return key(Rule::Kind::subnet, std::hash<base::Ip>()(first) * 257 + prefix);
}

template <class Visit>
void RuleIndex::each_gram(Rule::Kind kind, std::string_view text, const Visit& visit) {
  std::uint32_t letters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    letters = letters << 8 | static_cast<unsigned char>(base::lower(text[i]));
    if (i + 1 >= gram) visit(key(kind, letters));
  }
}

// What a machine has for which the test holds; nothing where we cannot tell.
template <class Visit>
void RuleIndex::each_key_of_test(const Rule::Node& test, const Visit& visit) {
  switch (test.kind) {
    case Rule::Kind::subnet: {
      const auto& net = std::get<base::IpNet>(test.operand);
      return visit(key_of_subnet(net.first(), net.prefix));
    }
    case Rule::Kind::relay:
      return visit(key(test.kind, std::get<base::Ipv4>(test.operand).host_order()));
    case Rule::Kind::arch:
      return visit(key(test.kind, static_cast<std::uint64_t>(std::get<Arch>(test.operand))));
    case Rule::Kind::firmware:
      return visit(key(test.kind, static_cast<std::uint64_t>(std::get<Firmware>(test.operand))));
    case Rule::Kind::circuit:
    case Rule::Kind::vendor:
    case Rule::Kind::mac:
    case Rule::Kind::name:
      break;
    default:
      return;
  }
  std::string_view rest = std::get<std::string>(test.operand);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("*?"), rest.size());
    each_gram(test.kind, rest.substr(0, end), visit);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

template <class Visit>
void RuleIndex::each_key(const RuleSubject& subject, const Visit& visit) const {
  using Kind = Rule::Kind;
  const Facts& facts = subject.facts_;
  const auto asked = [this](Kind kind) { return (kinds_ >> static_cast<unsigned>(kind) & 1) != 0; };
  if (subject.knows_relay_) visit(key(Kind::relay, facts.relay.host_order()));
  if (subject.knows_network_) {
    const base::IpFamily family = facts.network.family();
    for (const Prefix& each : prefixes_) {
      if (each.family == family)
        visit(key_of_subnet(base::IpNet{facts.network, each.bits}.first(), each.bits));
    }
  }
  if (facts.firmware_known) {
    visit(key(Kind::firmware, static_cast<std::uint64_t>(facts.firmware())));
    visit(key(Kind::arch, static_cast<std::uint64_t>(facts.arch)));
    if (facts.processor) visit(key(Kind::arch, static_cast<std::uint64_t>(*facts.processor)));
  }
  if (asked(Kind::mac) && subject.knows_mac_)
    each_gram(Kind::mac, {subject.mac_.data(), subject.mac_.size()}, visit);
  if (asked(Kind::name)) each_gram(Kind::name, subject.name_, visit);
  if (asked(Kind::circuit)) each_gram(Kind::circuit, facts.circuit_id.view(), visit);
  if (asked(Kind::vendor)) each_gram(Kind::vendor, facts.vendor_class.view(), visit);
}

void RuleIndex::gather_keys(const Rule& rule, std::size_t at, std::vector<Key>& out) {
  const Rule::Node& node = rule.nodes_[at];
  if (node.kind == Rule::Kind::negation) return;
  if (node.kind != Rule::Kind::any_of && node.kind != Rule::Kind::all_of)
    return each_key_of_test(node, [&](Key key) { out.push_back(key); });
  for (std::size_t each = at + 1; each < at + node.size; each += rule.nodes_[each].size)
    gather_keys(rule, each, out);
}

std::optional<RuleIndex::Cover> RuleIndex::cover(const Rule& rule, std::size_t at, const Askers& askers) {
  const Rule::Node& node = rule.nodes_[at];
  std::optional<Cover> best;
  switch (node.kind) {
    case Rule::Kind::everybody:
    case Rule::Kind::negation:
      return std::nullopt;
    case Rule::Kind::any_of: {  // all of its parts'
      Cover all;
      for (std::size_t each = at + 1; each < at + node.size; each += rule.nodes_[each].size) {
        const auto part = cover(rule, each, askers);
        if (!part) return std::nullopt;
        all.keys.insert(all.keys.end(), part->keys.begin(), part->keys.end());
        all.askers = std::max(all.askers, part->askers);
      }
      return all;
    }
    case Rule::Kind::all_of:  // one part's will do
      for (std::size_t each = at + 1; each < at + node.size; each += rule.nodes_[each].size) {
        auto part = cover(rule, each, askers);
        if (part && (!best || part->askers < best->askers)) best = std::move(part);
      }
      return best;
    default:
      // Of several alike the last: what tells names and ports apart is at their ends.
      each_key_of_test(node, [&](Key key) {
        if (!best || askers.at(key) <= best->askers) best = Cover{{key}, askers.at(key)};
      });
      return best;
  }
}

RuleIndex::RuleIndex(std::span<const Rule> rules) {
  Askers askers;
  std::vector<Key> keys;
  for (const Rule& rule : rules) {
    keys.clear();
    gather_keys(rule, 0, keys);
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const Key key : keys) ++askers[key];
  }
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const auto found = cover(rules[i], 0, askers);
    if (!found) {
      always_.push_back(i);
      continue;
    }
    for (const Key key : found->keys) rules_[key].push_back(i);
  }
  // The prefix lengths of all subnets that rules name, keys or not: there are few.
  for (const Rule& rule : rules) {
    for (const Rule::Node& node : rule.nodes_) {
      const auto* net = std::get_if<base::IpNet>(&node.operand);
      if (net == nullptr) continue;
      const Prefix prefix{net->address.family(), net->prefix};
      if (std::ranges::find(prefixes_, prefix) == prefixes_.end()) prefixes_.push_back(prefix);
    }
  }
  filter_.assign(std::bit_ceil(std::max<std::size_t>(rules_.size() * 16 / 64, 1)), 0);
  for (const auto& [key, asking] : rules_) {
    const std::size_t bit = hash(key) & (filter_.size() * 64 - 1);
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    kinds_ |= 1U << (key >> value_bits);
  }
}

void RuleIndex::may_match(const RuleSubject& subject, std::vector<std::uint32_t>& out) const {
  out.insert(out.end(), always_.begin(), always_.end());
  each_key(subject, [&](Key key) {
    if (!may_be_there(key)) return;
    if (const auto found = rules_.find(key); found != rules_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  });
}

}  // namespace policy
