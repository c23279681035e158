// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/utf16.h"

#include <gtest/gtest.h>

namespace format {
namespace {

TEST(Utf16, EveryLengthOfACharacter) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  const base::Bytes expected = {0x61, 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde};
  EXPECT_EQ(utf16_of(text), expected);
  EXPECT_EQ(utf8_of(expected, ByteOrder::little), text);
  const base::Bytes big = {0, 0x61, 0, 0xe9, 0x20, 0xac, 0xd8, 0x3d, 0xde, 0x00};
  EXPECT_EQ(utf8_of(big, ByteOrder::big), text);
}

TEST(Utf16, WhatIsNoUtf8) {
  for (const char* text : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "a\xe2\x82", "\xf0\x80\x80\x80"}) {
    EXPECT_EQ(utf16_of(text), std::nullopt) << text;
  }
}

TEST(Utf16, HalvesOfPairsBecomeTheReplacement) {
  EXPECT_EQ(utf8_of(base::Bytes{0x3d, 0xd8, 0x61, 0}, ByteOrder::little),
            "\xef\xbf\xbd"
            "a");
  EXPECT_EQ(utf8_of(base::Bytes{0x00, 0xde}, ByteOrder::little), "\xef\xbf\xbd");
  EXPECT_EQ(utf8_of(base::Bytes{0x61, 0, 0x62}, ByteOrder::little), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace format
