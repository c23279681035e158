// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <array>

#include "base/fixed_text.h"

namespace base {
namespace {

TEST(Reader, ReadsBigEndian) {
  const Bytes bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.rest().size(), 1U);
  std::uint8_t last[1] = {};
  reader.copy_to(last);
  EXPECT_EQ(last[0], 8);
  EXPECT_TRUE(reader.ok() && reader.empty());
}

TEST(Reader, TheErrorSticks) {
  const Bytes bytes = {1, 2, 3};
  Reader reader(bytes);
  EXPECT_TRUE(reader.take(4).empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "what is still there is not given out after an error";
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_TRUE(reader.take(0).empty());
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(reader.ok()) << "a read that asks for nothing does not heal it";
}

TEST(Reader, ACutNumberIsZero) {
  const Bytes bytes = {0xff};
  EXPECT_EQ(Reader(bytes).u16(), 0);
  Reader reader(bytes);
  std::array<std::uint8_t, 2> out = {7, 7};
  reader.copy_to(out);
  EXPECT_EQ(out, (std::array<std::uint8_t, 2>{7, 7})) << "nothing half copied";
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, TakingNothingIsNoError) {
  Reader reader({});
  EXPECT_TRUE(reader.take(0).empty());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, FailEndsIt) {
  const Bytes bytes = {1, 2, 3};
  Reader reader(bytes);
  reader.fail();
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Writer, WritesBigEndian) {
  std::array<std::uint8_t, 10> buffer{};
  Writer writer(buffer);
  writer.u8(1);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.text("ab");
  writer.zeros(1);
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(writer.room(), 0U);
  EXPECT_EQ(buffer, (std::array<std::uint8_t, 10>{1, 2, 3, 4, 5, 6, 7, 'a', 'b', 0}));
}

TEST(Writer, TheErrorSticksAndNothingPassesTheEnd) {
  std::array<std::uint8_t, 4> memory = {9, 9, 9, 9};
  const auto three = std::span(memory).first(3);
  Writer writer(three);
  writer.u16(0x0102);
  writer.u16(0x0304);  // one octet of room
  EXPECT_FALSE(writer.ok());
  writer.u8(5);  // would fit, but comes after an error
  writer.zeros(0);
  writer.bytes({});
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.size(), 2U);
  EXPECT_EQ(memory, (std::array<std::uint8_t, 4>{1, 2, 9, 9}));
}

TEST(Writer, NothingNeedsNoRoom) {
  Writer writer({});
  writer.bytes({});
  writer.text("");
  writer.zeros(0);
  EXPECT_TRUE(writer.ok());
  writer.u8(0);
  EXPECT_FALSE(writer.ok());
}

TEST(FixedText, HoldsItsCapacityAndNotMore) {
  FixedText<4> text;
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(text.assign("abcd"));
  EXPECT_FALSE(text.assign("abcde"));
  EXPECT_EQ(text.view(), "abcd") << "a refused text changes nothing";
  FixedText<4> other;
  EXPECT_TRUE(other.assign("ab"));
  EXPECT_FALSE(text == other);
  EXPECT_TRUE(text.assign("ab"));
  EXPECT_TRUE(text == other) << "what stood behind does not count";
}

}  // namespace
}  // namespace base
