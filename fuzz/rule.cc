// SPDX-License-Identifier: GPL-3.0-or-later
// Any text as a rule. Properties: it is refused with a place inside it and words, or printed in
// one spelling that parses to the same rule and matches the same machines.
#include "policy/rule.h"

#include "base/bytes.h"
#include "base/result.h"

namespace {

// Facts that the text itself makes up, so that some of them match.
policy::Facts facts_of(std::string_view text) {
  policy::Facts facts;
  for (std::size_t i = 0; i < text.size() && i < 6; ++i)
    facts.mac.octets.at(i) = static_cast<std::uint8_t>(text[i]);
  facts.arch = static_cast<policy::Arch>(text.size() % policy::arch_count);
  facts.firmware_known = text.size() % 5 != 0;
  facts.network = base::Ip(base::Ipv4{{10, 1, 0, static_cast<std::uint8_t>(text.size())}});
  static_cast<void>(facts.vendor_class.assign(text.substr(0, 64)));
  static_cast<void>(facts.circuit_id.assign(text.substr(text.size() / 2, 64)));
  return facts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text({data, size});
  const auto rule = policy::Rule::parse(text);
  if (!rule) {
    BOOTFERRY_CHECK(rule.error().position <= size && !rule.error().what.empty());
    return 0;
  }
  const std::string printed = rule->print();
  const auto again = policy::Rule::parse(printed);
  BOOTFERRY_CHECK(again && *again == *rule && again->print() == printed);
  const policy::Facts facts = facts_of(text);
  const std::string_view name = text.substr(text.size() / 3);
  BOOTFERRY_CHECK(rule->matches(facts, name) == again->matches(facts, name));
  BOOTFERRY_CHECK(policy::matches_pattern("*", text) &&
                  policy::matches_pattern(std::string(text) + "*", text));
  return 0;
}
