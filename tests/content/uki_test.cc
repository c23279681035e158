// SPDX-License-Identifier: GPL-3.0-or-later
// With a genuine one: tests/cli/test_image_disc.py.
#include "content/uki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scratch.h"

namespace content {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t size = 10'000;

UkiFacts facts() {
  UkiFacts made;
  made.size = size;
  made.system = "Debian GNU/Linux 12 (bookworm)";
  made.command_line = "console=ttyS0  quiet";
  made.kernel_facts = {policy::Arch::x64, "6.1.0", true, 2047};
  made.kernel = {100, 5000};
  made.initrds = {{5100, 10}, {9999, 1}};
  made.signatures = {{"Debian Secure Boot Signer", "Debian Secure Boot CA"}};
  return made;
}

TEST(UkiFacts, WhatIsWrittenIsRead) {
  const std::string json = print_uki_facts(facts());
  const auto read = parse_uki_facts(json, size);
  ASSERT_TRUE(read) << json;
  EXPECT_EQ(print_uki_facts(*read), json);
  EXPECT_EQ(read->kernel_facts, facts().kernel_facts);
  EXPECT_EQ(read->initrds, facts().initrds);
  EXPECT_EQ(read->signatures, facts().signatures);
}

TEST(UkiFacts, EachLieEndsIt) {
  const Json good = Json::parse(print_uki_facts(facts()));
  const std::pair<const char*, Json> lies[] = {
      {"/size", size + 1},
      {"/size", size - 1},
      {"/system", "two\nlines"},
      {"/arch", "pdp11"},
      {"/version", 6},
      {"/command_line", "a\nb"},
      {"/command_line", std::string(4097, 'x')},
      {"/command_line_max", -1},
      {"/efi_stub", "yes"},
      {"/kernel", nullptr},
      {"/kernel", Json::array({0, 0})},
      {"/kernel", Json::array({0, size + 1})},
      {"/kernel", Json::array({1, size})},
      {"/kernel", Json::array({~std::uint64_t{0}, 2})},
      {"/kernel", Json::array({1})},
      {"/kernel", Json::array({-1, 2})},
      {"/initrds/0", Json::array({size, 1})},
      {"/initrds", Json(std::vector<Json>(33, Json::array({0, 1})))},
      {"/signatures", Json(std::vector<Json>(9, good["signatures"][0]))},
      {"/signatures/0/signer", "\x1b[2J"},
  };
  for (const auto& [at, value] : lies) {
    Json lie = good;
    lie[Json::json_pointer(at)] = value;
    const auto read = parse_uki_facts(lie.dump(), size);
    ASSERT_FALSE(read) << at << " " << value;
    EXPECT_EQ(read.error().what, "its description makes no sense");
  }
  for (const char* text : {"", "null", "[]", "{}", "\"x\""})
    EXPECT_FALSE(parse_uki_facts(text, size)) << text;
}

TEST(UkiFacts, AKernelIsNoUnifiedImage) {
  const Scratch scratch;
  EXPECT_FALSE(is_uki(scratch.open("kernel", fake_kernel("6.1")).get()));
  EXPECT_FALSE(is_uki(scratch.open("text", "words").get()));
  EXPECT_FALSE(is_uki(-1));
  std::string program(0x200, '\0');
  program.replace(0, 2, "MZ");
  program[0x3c] = '\x80';
  program.replace(0x80, 6, std::string_view("PE\0\0\x64\x86", 6));
  EXPECT_TRUE(is_uki(scratch.open("program", program).get()));
}

}  // namespace
}  // namespace content
