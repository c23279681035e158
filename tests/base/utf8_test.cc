// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(OneLine, OfAnything) {
  const struct {
    const char* name;
    std::string_view text;
    std::string_view want;
  } rows[] = {
      {"plain", "no disk", "no disk"},
      {"empty", "", ""},
      {"lines", "no\r\ndisk\n", "no disk"},
      {"blanks around", "  no   disk  ", "no disk"},
      {"UTF-8", "kein Gerät – Ende", "kein Gerät – Ende"},
      {"not UTF-8", "a\xff\xfe\xc3z", "a z"},
      {"overlong, surrogate, beyond the last", "\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80", "| |"},
      {"escape", "\x1b[31mred", "[31mred"},
      {"C1 control",
       "a\xc2\x9b"
       "b",
       "a b"},
      {"NUL", std::string_view("a\0b", 3), "a b"},
  };
  for (const auto& row : rows) EXPECT_EQ(one_line(row.text, 100), row.want) << row.name;
}

TEST(OneLine, IsCutBetweenCharacters) {
  EXPECT_EQ(one_line("äöü", 4), "äö");
  EXPECT_EQ(one_line("äöü", 5), "äö");
  EXPECT_EQ(one_line("ab cd", 3), "ab");
  EXPECT_EQ(one_line("abc", 0), "");
}

}  // namespace
}  // namespace base
