// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rule.h"

#include "base/ascii.h"

namespace policy {
namespace {

using base::lower;

bool needs_quotes(std::string_view pattern) {
  return pattern.empty() || pattern.find_first_of(" \t\r\n()\"") != std::string_view::npos;
}

std::string quoted(std::string_view pattern) {
  if (!needs_quotes(pattern)) return std::string(pattern);
  std::string out = "\"";
  for (const char c : pattern) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

// Without recursion: a star costs one way back, however many there are.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Most do not match, and ports and numbered names differ at their ends.
  if (!pattern.empty() && pattern.back() != '*') {
    if (text.empty() || (pattern.back() != '?' && lower(pattern.back()) != lower(text.back()))) return false;
  }
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      ++resume;
      if (p < pattern.size() && pattern[p] != '?') {  // to where it can go on
        const char wanted = lower(pattern[p]);
        while (resume < text.size() && lower(text[resume]) != wanted) ++resume;
      }
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

RuleSubject::RuleSubject(const Facts& facts, std::string_view name)
    : facts_(facts),
      name_(name),
      mac_(facts.mac.text()),
      knows_mac_(!facts.mac.is_zero()),
      knows_network_(!facts.network.is_zero()),
      // None is a fact, too, of a machine that sent packets: it is on our own wire.
      knows_relay_(facts.firmware_known || !facts.relay.is_zero()) {}

Rule::Rule() : nodes_(1) {}

bool Rule::matches(const RuleSubject& subject) const { return truth(0, subject) == Truth::yes; }

// Kleene's logic: what is unknown stays so unless the rest settles it.
Rule::Truth Rule::truth(std::size_t at, const RuleSubject& subject) const {
  const Node& node = nodes_[at];
  const std::size_t end = at + node.size;
  switch (node.kind) {
    case Kind::any_of:
    case Kind::all_of: {
      const Truth settles = node.kind == Kind::any_of ? Truth::yes : Truth::no;
      Truth result = node.kind == Kind::any_of ? Truth::no : Truth::yes;
      for (std::size_t each = at + 1; each < end; each += nodes_[each].size) {
        const Truth one = truth(each, subject);
        if (one == settles) return settles;
        if (one == Truth::unknown) result = Truth::unknown;
      }
      return result;
    }
    case Kind::negation: {
      const Truth inner = truth(at + 1, subject);
      if (inner == Truth::unknown) return inner;
      return inner == Truth::yes ? Truth::no : Truth::yes;
    }
    default:
      return truth_of_test(node, subject);
  }
}

// A BIOS machine says "bios"; whether x86 or x64 is behind it only a detecting program knows.
Rule::Truth Rule::truth_of_arch(const Facts& facts, Arch arch) {
  if (!facts.firmware_known) return Truth::unknown;
  if (facts.arch == arch) return Truth::yes;
  if (facts.arch != Arch::bios || (arch != Arch::x64 && arch != Arch::ia32)) return Truth::no;
  if (!facts.processor) return Truth::unknown;
  return *facts.processor == arch ? Truth::yes : Truth::no;
}

Rule::Truth Rule::truth_of_test(const Node& node, const RuleSubject& subject) {
  const Facts& facts = subject.facts_;
  const auto known = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  const auto pattern = [&](std::string_view text) {
    if (text.empty()) return Truth::unknown;
    return known(matches_pattern(std::get<std::string>(node.operand), text));
  };
  switch (node.kind) {
    case Kind::subnet:
      if (!subject.knows_network_) return Truth::unknown;
      return known(std::get<base::IpNet>(node.operand).contains(facts.network));
    case Kind::relay:
      if (!subject.knows_relay_) return Truth::unknown;
      return known(facts.relay.host_order() == std::get<base::Ipv4>(node.operand).host_order());
    case Kind::circuit:
      return pattern(facts.circuit_id.view());
    case Kind::arch:
      return truth_of_arch(facts, std::get<Arch>(node.operand));
    case Kind::vendor:
      return pattern(facts.vendor_class.view());
    case Kind::firmware:
      if (!facts.firmware_known) return Truth::unknown;
      return known(facts.firmware() == std::get<Firmware>(node.operand));
    case Kind::mac:
      if (!subject.knows_mac_) return Truth::unknown;
      return pattern({subject.mac_.data(), subject.mac_.size()});
    case Kind::name:
      return pattern(subject.name_);
    default:
      return Truth::yes;
  }
}

std::string Rule::print() const {
  std::string out;
  print(0, false, out);
  return out;
}

void Rule::print(std::size_t at, bool bracket, std::string& out) const {
  const Node& node = nodes_[at];
  const std::size_t end = at + node.size;
  const auto list = [&](std::string_view word) {
    if (bracket) out += '(';
    for (std::size_t each = at + 1; each < end; each += nodes_[each].size) {
      if (each != at + 1) out += word;
      // "and" binds more closely than "or": a bracket less, and none that was not written.
      print(each, node.kind != Kind::any_of || nodes_[each].kind != Kind::all_of, out);
    }
    if (bracket) out += ')';
  };
  switch (node.kind) {
    case Kind::everybody:
      out += "all";
      break;
    case Kind::any_of:
      list(" or ");
      break;
    case Kind::all_of:
      list(" and ");
      break;
    case Kind::negation:
      out += "not ";
      print(at + 1, true, out);
      break;
    case Kind::subnet:
      out += "subnet " + std::get<base::IpNet>(node.operand).print();
      break;
    case Kind::relay:
      out += "relay " + std::get<base::Ipv4>(node.operand).print();
      break;
    case Kind::circuit:
      out += "circuit " + quoted(std::get<std::string>(node.operand));
      break;
    case Kind::arch:
      out += "arch " + std::string(policy::print(std::get<Arch>(node.operand)));
      break;
    case Kind::vendor:
      out += "vendor " + quoted(std::get<std::string>(node.operand));
      break;
    case Kind::firmware:
      out += "firmware " + std::string(policy::print(std::get<Firmware>(node.operand)));
      break;
    case Kind::mac:
      out += "mac " + quoted(std::get<std::string>(node.operand));
      break;
    case Kind::name:
      out += "name " + quoted(std::get<std::string>(node.operand));
      break;
  }
}

}  // namespace policy
