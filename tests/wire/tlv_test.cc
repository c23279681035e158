// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tlv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/printable.h"

namespace wire {
namespace {

// "6=08 71=80000000 !" : the items, and "!" where the walk met a broken length.
std::string walk(base::ByteView bytes, TlvStyle style) {
  std::string out;
  TlvWalker walker(bytes, style);
  while (const auto tlv = walker.next()) out += std::to_string(tlv->code) + "=" + hex(tlv->value) + " ";
  EXPECT_FALSE(walker.next().has_value()) << "a walk that ended goes on";
  return out + (walker.ok() ? "" : "!");
}

struct Case {
  const char* name;
  base::Bytes bytes;
  TlvStyle style;
  std::string want;
};

TEST(Tlv, Walks) {
  const auto with_end = TlvStyle::with_end, plain = TlvStyle::plain;
  const std::vector<Case> cases = {
      {"empty", {}, with_end, ""},
      {"one item and the end", {6, 1, 8, 255}, with_end, "6=08 "},
      {"no end tag", {6, 1, 8}, with_end, "6=08 "},
      {"octets behind the end tag", {6, 1, 8, 255, 9, 9, 9}, with_end, "6=08 "},
      {"only pads", {0, 0, 0}, with_end, ""},
      {"pads around", {0, 6, 1, 8, 0, 0, 255}, with_end, "6=08 "},
      {"an item without value", {6, 0, 255}, with_end, "6= "},
      {"a code without length", {6, 1, 8, 7}, with_end, "6=08 !"},
      {"a length past the end", {6, 1, 8, 7, 4, 1, 2, 3}, with_end, "6=08 !"},
      {"a length of 255 in two octets", {7, 255}, with_end, "!"},
      {"the end tag is no end in option 82", {255, 1, 9, 1, 1, 2}, plain, "255=09 1=02 "},
      {"0 is no pad in option 82", {0, 1, 9}, plain, "0=09 "},
      {"one octet", {5}, plain, "!"},
  };
  for (const Case& c : cases) EXPECT_EQ(walk(c.bytes, c.style), c.want) << c.name;
}

TEST(Tlv, FindsTheFirstBeforeABreak) {
  const base::Bytes bytes = {6, 1, 8, 6, 1, 9, 7, 1};
  EXPECT_EQ(find_tlv(bytes, 6)->front(), 8);
  EXPECT_FALSE(find_tlv(bytes, 7).has_value());
  EXPECT_FALSE(find_tlv(bytes, 5).has_value());
}

TEST(Printable, NothingReachesATerminal) {
  EXPECT_EQ(quoted("boot\\x64"), "\"boot\\\\x64\"");
  EXPECT_EQ(quoted("\x1b[2J\"\x7f\xff"), "\"\\x1b[2J\\\"\\x7f\\xff\"");
  EXPECT_EQ(hex(base::Bytes{0, 0xab}), "00ab");
}

}  // namespace
}  // namespace wire
