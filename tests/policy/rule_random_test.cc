// SPDX-License-Identifier: GPL-3.0-or-later
// Rules and machines by the thousand from a seed, against an evaluator of the test's own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "policy/rule.h"

namespace policy {
namespace {

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t bound) { return random() % bound; }
template <class T>
const T& one_of(Random& random, const std::vector<T>& all) {
  return all[below(random, all.size())];
}

// 0 no, 1 not known, 2 yes: "and" is the least, "or" the most, "not" what is left to 2.
struct Tree {
  enum Kind : std::uint8_t { test, any, all, negation } kind = test;
  std::string text;  // of a test
  int truth = 0;     // likewise, for the machine below
  std::vector<Tree> parts;
};

Facts the_machine() {
  Facts facts;
  facts.mac = base::Mac{{0x52, 0x54, 0, 0, 0, 7}};
  facts.kind = ClientKind::bios_rom;
  facts.arch = Arch::bios;
  facts.network = base::Ip(base::Ipv4{{10, 1, 2, 3}});
  EXPECT_TRUE(facts.vendor_class.assign("PXEClient:Arch:00000"));
  return facts;
}

Tree any_test(Random& random) {
  static const std::vector<Tree> tests = {
      {Tree::test, "subnet 10.1.0.0/16", 2, {}},
      {Tree::test, "subnet 10.2.0.0/16", 0, {}},
      {Tree::test, "relay 0.0.0.0", 2, {}},
      {Tree::test, "relay 10.0.0.1", 0, {}},
      {Tree::test, "circuit \"Gi 1/*\"", 1, {}},
      {Tree::test, "circuit *", 1, {}},
      {Tree::test, "arch bios", 2, {}},
      {Tree::test, "arch amd64", 1, {}},
      {Tree::test, "arch aarch64", 0, {}},
      {Tree::test, "vendor pxeclient*", 2, {}},
      {Tree::test, "vendor \"a\\\"b\\\\\"", 0, {}},
      {Tree::test, "firmware bios", 2, {}},
      {Tree::test, "firmware uefi", 0, {}},
      {Tree::test, "mac 52-54-00*", 2, {}},
      {Tree::test, "mac ??:??:01*", 0, {}},
      {Tree::test, "name *", 1, {}},
      {Tree::test, "name or", 1, {}},
  };
  return one_of(random, tests);
}

Tree any_tree(Random& random, int depth) {
  const std::size_t kind = depth == 0 ? 0 : below(random, 5);
  if (kind <= 1) return any_test(random);
  if (kind == 2) return {Tree::negation, {}, 0, {any_tree(random, depth - 1)}};
  Tree tree{kind == 3 ? Tree::any : Tree::all, {}, 0, {}};
  for (std::size_t i = 0, count = 2 + below(random, 3); i < count; ++i)
    tree.parts.push_back(any_tree(random, depth - 1));
  return tree;
}

int truth_of(const Tree& tree) {
  if (tree.kind == Tree::test) return tree.truth;
  if (tree.kind == Tree::negation) return 2 - truth_of(tree.parts[0]);
  int truth = tree.kind == Tree::any ? 0 : 2;
  for (const Tree& part : tree.parts)
    truth = tree.kind == Tree::any ? std::max(truth, truth_of(part)) : std::min(truth, truth_of(part));
  return truth;
}

// With more brackets and blanks than are needed, now and then.
std::string text_of(Random& random, const Tree& tree, bool bracket) {
  std::string out;
  if (tree.kind == Tree::test) {
    out = tree.text;
  } else if (tree.kind == Tree::negation) {
    out = "not " + text_of(random, tree.parts[0], true);
  } else {
    for (const Tree& part : tree.parts) {
      if (!out.empty()) out += tree.kind == Tree::any ? " or " : "\tand  ";
      out += text_of(random, part, true);
    }
    if (!bracket) return out;
    return "( " + out + ")";
  }
  return below(random, 8) == 0 ? "(" + out + " )" : out;
}

TEST(RandomRules, MeanWhatTheyMeanAndPrintWhatParsesAgain) {
  constexpr unsigned seed = 20240817;
  Random random(seed);
  const Facts facts = the_machine();
  int held = 0, refused = 0;
  for (int round = 0; round < 12000; ++round) {
    const Tree tree = any_tree(random, 4);
    const std::string text = text_of(random, tree, false);
    const auto parsed = Rule::parse(text);
    if (!parsed) {  // the bounds, and nothing else
      ASSERT_TRUE(parsed.error().what.find("64 tests") != std::string::npos ||
                  parsed.error().what.find("2048") != std::string::npos)
          << "seed " << seed << ": " << text << ": " << parsed.error().what;
      ++refused;
      continue;
    }
    ASSERT_EQ(parsed->matches(facts, ""), truth_of(tree) == 2) << "seed " << seed << ": " << text;
    held += parsed->matches(facts, "") ? 1 : 0;
    const std::string printed = parsed->print();
    const auto again = Rule::parse(printed);
    ASSERT_TRUE(again) << "seed " << seed << ": " << printed << ": " << again.error().what;
    ASSERT_EQ(*again, *parsed) << "seed " << seed << ": " << text << " as " << printed;
    ASSERT_EQ(again->print(), printed);
  }
  EXPECT_GT(held, 2000) << "too few of them hold to show anything";
  EXPECT_LT(refused, 2000);
}

TEST(RandomRules, AnyTextIsARuleOrAnErrorWithinIt) {
  constexpr unsigned seed = 7;
  Random random(seed);
  const std::vector<std::string> pieces = {"(",      ")",          "not", "and", "or", "all",  "arch",
                                           "x64",    "name",       "\"",  "\\",  "*",  "mac",  "52:54:*",
                                           "subnet", "10.0.0.0/8", " ",   "\t",  "\n", "\xff", "relay"};
  int good = 0;
  for (int round = 0; round < 30000; ++round) {
    std::string text;
    for (std::size_t i = 0, count = below(random, 9); i < count; ++i) {
      text += one_of(random, pieces);
      if (below(random, 4) != 0) text += ' ';
    }
    const auto parsed = Rule::parse(text);
    if (!parsed) {
      ASSERT_LE(parsed.error().position, text.size()) << "seed " << seed << ": " << text;
      ASSERT_FALSE(parsed.error().what.empty());
      continue;
    }
    ++good;
    const auto again = Rule::parse(parsed->print());
    ASSERT_TRUE(again) << "seed " << seed << ": " << text << " as " << parsed->print();
    ASSERT_EQ(*again, *parsed) << "seed " << seed << ": " << text;
  }
  EXPECT_GT(good, 20) << "of 30,000 heaps of words some are rules";
}

}  // namespace
}  // namespace policy
