// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "policy/facts.h"

namespace policy {
namespace {

using testing::HasSubstr;

// Knows all that a rule can ask for.
Facts lab_pc() {
  Facts facts;
  facts.mac = base::Mac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
  facts.kind = ClientKind::uefi_pxe;
  facts.arch = Arch::x64;
  facts.relay = base::Ipv4{{10, 1, 0, 1}};
  facts.network = base::Ip(facts.relay);
  EXPECT_TRUE(facts.vendor_class.assign("PXEClient:Arch:00007:UNDI:003016"));
  EXPECT_TRUE(facts.circuit_id.assign("Gi1/0/24 (room 7)"));
  return facts;
}
constexpr std::string_view lab_name = "lab-17";

TEST(Rule, EachFact) {
  struct Row {
    const char* rule;
    bool holds;
  };
  const Row rows[] = {
      {"all", true},
      {"subnet 10.1.0.0/16", true},
      {"subnet 10.1.0.1/32", true},
      {"subnet 10.2.0.0/16", false},
      {"subnet 0.0.0.0/0", true},
      {"subnet ::/0", false},
      {"relay 10.1.0.1", true},
      {"relay 10.1.0.2", false},
      {"circuit gi1/0/24*", true},
      {"circuit Gi1/0/2", false},
      {"circuit \"*(room ?)\"", true},
      {"arch x64", true},
      {"arch AMD64", true},
      {"arch arm64", false},
      {"vendor PXEClient:*", true},
      {"vendor HTTPClient*", false},
      {"firmware uefi", true},
      {"firmware bios", false},
      {"mac 52:54:00:*", true},
      {"mac 52-54-00-*", true},
      {"mac 5254.0012.3456", true},
      {"mac 525400123456", true},
      {"mac 52:54:00:12:34:5?", true},
      {"mac *:FF", false},
      {"name lab-*", true},
      {"name LAB-1?", true},
      {"name lab-", false},
      {"name \"lab-17\"", true},
  };
  for (const Row& row : rows) {
    const auto parsed = Rule::parse(row.rule);
    ASSERT_TRUE(parsed) << row.rule << ": " << parsed.error().what;
    EXPECT_EQ(parsed->matches(lab_pc(), lab_name), row.holds) << row.rule;
  }
}

// t holds, f does not, u is not known.
TEST(Rule, BindingAndKleenesLogic) {
  struct Row {
    const char* rule;
    bool holds;
  };
  const Row rows[] = {
      {"t or f and f", true},  // "and" first
      {"(t or f) and f", false},
      {"f and f or t", true},
      {"not f and t", true},  // "not" before both
      {"not t or t", true},
      {"not (t or f)", false},
      {"not not t", true},
      {"u", false},
      {"not u", false},  // nobody is served for what we do not know
      {"not not u", false},
      {"u or t", true},
      {"t or u", true},
      {"u or f", false},
      {"u and t", false},
      {"not (u and f)", true},  // settled by the other half
      {"not (f and u)", true},
      {"not (u and t)", false},
      {"not (u or f)", false},
      {"not (u or t)", false},
      {"not u or t", true},
      {"t and not (u or u)", false},
      {"t\tand\n t \r\nand(t)", true},
  };
  Facts facts = lab_pc();
  facts.circuit_id = {};
  for (const Row& row : rows) {
    std::string text;
    for (const char* c = row.rule; *c != '\0'; ++c) {
      const bool alone = c[1] == '\0' || std::string_view(" \t\n\r()").find(c[1]) != std::string_view::npos;
      const bool starts =
          c == row.rule || std::string_view(" \t\n\r()").find(c[-1]) != std::string_view::npos;
      if (!alone || !starts || std::string_view("tfu").find(*c) == std::string_view::npos) {
        text += *c;
        continue;
      }
      text += *c == 't' ? "arch x64" : *c == 'f' ? "arch ia32" : "circuit *";
    }
    const auto parsed = Rule::parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().what;
    EXPECT_EQ(parsed->matches(facts, lab_name), row.holds) << row.rule;
  }
}

TEST(Rule, WhatAMachineNeverToldHoldsNeitherWayRound) {
  Facts told_nothing;
  told_nothing.firmware_known = false;
  for (const std::string test : {"subnet 0.0.0.0/0", "relay 10.1.0.1", "relay 0.0.0.0", "circuit *",
                                 "arch x64", "arch bios", "vendor *", "firmware bios", "mac *", "name *"}) {
    EXPECT_FALSE(Rule::parse(test)->matches(told_nothing, "")) << test;
    EXPECT_FALSE(Rule::parse("not " + test)->matches(told_nothing, "")) << test;
  }
  EXPECT_TRUE(Rule().matches(told_nothing, "")) << "but `all` are all";
}

TEST(Rule, NoRelayIsAFactOfAMachineThatSentAPacket) {
  Facts on_our_wire = lab_pc();
  on_our_wire.relay = {};
  EXPECT_TRUE(Rule::parse("relay 0.0.0.0")->matches(on_our_wire, ""));
  EXPECT_TRUE(Rule::parse("not relay 10.1.0.1")->matches(on_our_wire, ""));
}

TEST(Rule, ABiosMachinesProcessorIsKnownOnceItIsDetected) {
  Facts facts = lab_pc();
  facts.kind = ClientKind::bios_rom;
  facts.arch = Arch::bios;
  struct Row {
    std::optional<Arch> processor;
    const char* rule;
    bool holds;
  };
  const Row rows[] = {
      {std::nullopt, "arch bios", true},     {std::nullopt, "arch x64", false},
      {std::nullopt, "not arch x64", false}, {std::nullopt, "not arch arm64", true},
      {Arch::x64, "arch x64", true},         {Arch::x64, "not arch x64", false},
      {Arch::x64, "arch ia32", false},       {Arch::x64, "arch bios", true},
      {Arch::ia32, "arch ia32", true},       {Arch::ia32, "not arch x64", true},
  };
  for (const Row& row : rows) {
    facts.processor = row.processor;
    EXPECT_EQ(Rule::parse(row.rule)->matches(facts, ""), row.holds) << row.rule;
  }
}

TEST(Rule, FirmwareIsTheSameForEachProgramOfABoot) {
  const Rule bios = *Rule::parse("firmware bios"), uefi = *Rule::parse("firmware uefi");
  Facts facts = lab_pc();
  for (const ClientKind kind : {ClientKind::bios_rom, ClientKind::ipxe}) {
    facts.kind = kind;
    facts.arch = Arch::bios;
    EXPECT_TRUE(bios.matches(facts, "") && !uefi.matches(facts, "")) << print(kind);
  }
  for (const ClientKind kind : {ClientKind::uefi_pxe, ClientKind::uefi_http, ClientKind::ipxe}) {
    facts.kind = kind;
    facts.arch = Arch::arm64;
    EXPECT_TRUE(uefi.matches(facts, "") && !bios.matches(facts, "")) << print(kind);
  }
  facts.kind = ClientKind::uboot;
  EXPECT_TRUE(Rule::parse("firmware u-boot")->matches(facts, ""));
  facts.kind = ClientKind::raspberry_pi;
  EXPECT_TRUE(Rule::parse("firmware raspberry-pi")->matches(facts, ""));
}

TEST(Rule, OneSpellingIsPrinted) {
  struct Row {
    const char* text;
    const char* printed;
  };
  const Row rows[] = {
      {"all", "all"},
      {" arch   amd64 ", "arch x64"},
      {"mac 52-54-00-*", "mac 52:54:00:*"},
      {"mac 5254.0012.3456", "mac 52:54:00:12:34:56"},
      {"name \"lab\"", "name lab"},
      {"name \"two words\"", "name \"two words\""},
      {"name a\\b", "name a\\b"},
      {R"(name "a\"b\\c d")", R"(name "a\"b\\c d")"},
      {"name \"two\nlines\"", "name \"two\nlines\""},
      {"name \"b)\"", "name \"b)\""},
      {"name and", "name and"},
      {"((arch x64))", "arch x64"},
      {"not (arch x64)", "not arch x64"},
      {"arch x64 and (name a or name b)", "arch x64 and (name a or name b)"},
      {"(arch x64 and name a) or name b", "arch x64 and name a or name b"},
      {"(name a or name b) or name c", "(name a or name b) or name c"},
      {"(name a and name b) and name c", "(name a and name b) and name c"},
      {"not(name a and not name b)", "not (name a and not name b)"},
      {"subnet 2001:DB8:0::/32 or relay 10.0.0.1", "subnet 2001:db8::/32 or relay 10.0.0.1"},
      {"firmware u-boot and vendor * and circuit ?", "firmware u-boot and vendor * and circuit ?"},
  };
  for (const Row& row : rows) {
    const auto parsed = Rule::parse(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << parsed.error().what;
    EXPECT_EQ(parsed->print(), row.printed) << row.text;
    EXPECT_EQ(Rule::parse(row.printed), parsed) << row.text;
  }
  EXPECT_EQ(Rule::parse("all"), Rule());
}

TEST(Rule, ErrorsSayWhereAndWhat) {
  struct Row {
    const char* text;
    std::size_t position;
    const char* what;
  };
  const Row rows[] = {
      {"", 0, "a fact is expected"},
      {"   ", 3, "a fact is expected"},
      {"colour red", 0, "\"colour\" is no fact"},
      {"arch", 4, "arch of what?"},
      {"arch (", 5, "arch of what?"},
      {"arch x65", 5, "\"x65\" is no architecture"},
      {"arch x64 and", 12, "a fact is expected"},
      {"arch x64 arch x64", 9, "\"and\" or \"or\" is missing"},
      {"arch x64 AND arch x64", 9, "\"and\" or \"or\" is missing"},
      {"and arch x64", 0, "\"and\" is no fact"},
      {"arch x64 or or arch x64", 12, "\"or\" is no fact"},
      {"not", 3, "a fact is expected"},
      {"(arch x64", 0, "this bracket is never closed"},
      {"arch x64)", 8, "no bracket is open"},
      {"()", 1, "a fact is expected"},
      {"all and arch x64", 4, "stands alone"},
      {"all all", 4, "stands alone"},
      {"(all)", 1, "\"all\" is no fact"},
      {"\"all\"", 0, "a fact is expected"},
      {"name \"lab", 5, "never closed"},
      {"name \"lab\\\"", 5, "never closed"},
      {"name \"\"", 5, "is no pattern"},
      {"subnet 10.1.0.0", 7, "is no subnet"},
      {"subnet 10.1.0.0/33", 7, "is no subnet"},
      {"relay ::1", 6, "is no address"},
      {"firmware UEFI", 9, "is no firmware"},
      {"mac 52:54:zz*", 4, "is no pattern of a hardware address"},
      {"mac 52:54:00", 4, "52:54:00:*"},  // would match nobody
      {"mac 525400*", 4, "52:54:00:*"},   // likewise
      {"mac \"\"", 4, "is no pattern of a hardware address"},
  };
  for (const Row& row : rows) {
    const auto parsed = Rule::parse(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().position, row.position) << row.text << ": " << parsed.error().what;
    EXPECT_THAT(parsed.error().what, HasSubstr(row.what)) << row.text;
  }
}

std::string repeated(std::size_t count, std::string_view what, std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) (out += i == 0 ? "" : between) += what;
  return out;
}

TEST(Rule, Bounds) {
  EXPECT_TRUE(Rule::parse(repeated(64, "arch x64", " or ")));
  const auto tests = Rule::parse(repeated(65, "arch x64", " or "));
  ASSERT_FALSE(tests);
  EXPECT_EQ(tests.error().position, 64 * 12U);

  for (const auto& [open, close] : {std::pair("(", ")"), std::pair("not ", "")}) {
    const auto nested = [&, o = open, c = close](std::size_t depth) {
      return repeated(depth, o, "") + "name a and name b or name c" + repeated(depth, c, "");
    };
    const auto deepest = Rule::parse(nested(Rule::max_depth));
    ASSERT_TRUE(deepest) << open;
    EXPECT_EQ(Rule::parse(deepest->print()), deepest) << "printing nests no deeper than was written";
    EXPECT_FALSE(Rule::parse(nested(Rule::max_depth + 1))) << open;
    EXPECT_FALSE(Rule::parse(nested(200))) << open;
  }

  EXPECT_TRUE(Rule::parse("name " + std::string(Rule::max_text - 5, 'x')));
  EXPECT_FALSE(Rule::parse("name " + std::string(Rule::max_text - 4, 'x')));
  const auto backslashes = Rule::parse("name " + std::string(Rule::max_text - 5, '\\'));
  ASSERT_TRUE(backslashes);
  EXPECT_EQ(Rule::parse(backslashes->print()), backslashes);
  const auto spelled_out =
      Rule::parse(repeated(64, "arch arm", " or ") + " or vendor " + std::string(1260, 'x'));
  EXPECT_FALSE(spelled_out) << "it is 64 times \"arm32\"";
}

TEST(Pattern, StarsAndQuestionMarks) {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},         {"", "a", false},           {"*", "", true},         {"**", "", true},
      {"?", "", false},       {"a*", "A", true},          {"*a", "bbba", true},    {"*a", "bbbab", false},
      {"a*b*c", "abc", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "acb", false}, {"*ab", "aab", true},
      {"a?c", "abc", true},   {"a?c", "ac", false},       {"*?", "", false},       {"?*", "x", true},
      {"a", "ab", false},     {"\xc4", "\xe4", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(matches_pattern(row.pattern, row.text), row.matches) << row.pattern << " on " << row.text;
}

TEST(Pattern, ManyStarsStayQuick) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  pattern += "*b";
  const std::string text(4000, 'a');
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(matches_pattern(pattern, text));
  // Backtracking over each star would not end in this year; one way back ends in milliseconds.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace policy
