// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_conditions.h"

#include <gtest/gtest.h>

namespace net {
namespace {

constexpr std::int64_t written = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
const Validators file{"\"abc\"", written};
const std::string same_date = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string later = "Mon, 07 Nov 1994 00:00:00 GMT";
constexpr Selection whole{200, 0, 1000}, not_modified{304, 0, 1000}, failed{412, 0, 0},
    unsatisfiable{416, 0, 0};

Selection get(const Conditions& conditions, std::uint64_t size = 1000) {
  return select(conditions, file, size, true);
}

TEST(HttpRange, Table) {
  const struct {
    const char* name;
    const char* range;
    Selection want;
    std::uint64_t size = 1000;
  } cases[] = {
      {"first octet", "bytes=0-0", {206, 0, 1}},
      {"all of it is still partial", "bytes=0-999", {206, 0, 1000}},
      {"resume", "bytes=500-", {206, 500, 500}},
      {"end past the file is cut", "bytes=990-2000", {206, 990, 10}},
      {"last ten", "bytes=-10", {206, 990, 10}},
      {"last more than there is", "bytes=-5000", {206, 0, 1000}},
      {"last octet", "bytes=999-", {206, 999, 1}},
      {"behind the end", "bytes=1000-", unsatisfiable},
      {"last none", "bytes=-0", unsatisfiable},
      {"of an empty file", "bytes=0-", unsatisfiable, 0},
      {"the end of an empty file", "bytes=-5", unsatisfiable, 0},
      {"end before start is no range", "bytes=10-5", whole},
      {"several are answered whole", "bytes=0-1,5-6", whole},
      {"another unit", "lines=0-1", whole},
      {"the unit in capitals", "Bytes=0-1", {206, 0, 2}},
      {"blanks around", " bytes= 0-1 ", {206, 0, 2}},
      {"blank inside a number", "bytes=1 0-20", whole},
      {"no numbers", "bytes=-", whole},
      {"no dash", "bytes=5", whole},
      {"nothing", "bytes=", whole},
      {"shorter than the unit", "byte", whole},
      {"sign", "bytes=+1-2", whole},
      {"two dashes", "bytes=1--2", whole},
      {"hexadecimal", "bytes=0x10-", whole},
      {"a start that fits no integer is far away", "bytes=99999999999999999999-", unsatisfiable},
      {"an end that fits no integer means all", "bytes=0-99999999999999999999", {206, 0, 1000}},
      {"a suffix that fits no integer means all", "bytes=-99999999999999999999", {206, 0, 1000}},
      {"the largest integer", "bytes=0-18446744073709551615", {206, 0, 1000}},
  };
  for (const auto& c : cases) {
    Conditions conditions;
    conditions.range = c.range;
    Selection want = c.want;
    if (want == whole) want.length = c.size;
    EXPECT_EQ(get(conditions, c.size), want) << c.name;
  }
}

TEST(HttpConditions, Table) {
  const struct {
    const char* name;
    Conditions conditions;
    Selection want;
  } cases[] = {
      {"none", {}, whole},
      {"If-Match same", {.if_match = "\"abc\""}, whole},
      {"If-Match other", {.if_match = "\"abd\""}, failed},
      {"If-Match any", {.if_match = "*"}, whole},
      {"If-Match one of several", {.if_match = "\"x\" , \"abc\""}, whole},
      {"If-Match weak is not strong", {.if_match = "W/\"abc\""}, failed},
      {"If-Match without quotes names nothing", {.if_match = "abc"}, failed},
      {"If-Match with a comma inside a tag", {.if_match = "\"a,b\",\"abc\""}, whole},
      {"If-Match with the quote left open", {.if_match = "\"abc"}, failed},
      {"If-Match empty", {.if_match = ""}, failed},
      {"If-None-Match same", {.if_none_match = "\"abc\""}, not_modified},
      {"If-None-Match weak counts", {.if_none_match = "W/\"abc\""}, not_modified},
      {"If-None-Match any", {.if_none_match = "*"}, not_modified},
      {"If-None-Match other", {.if_none_match = "\"x\", \"y\""}, whole},
      {"If-Modified-Since same", {.if_modified_since = same_date}, not_modified},
      {"If-Modified-Since later", {.if_modified_since = later}, not_modified},
      {"If-Modified-Since earlier", {.if_modified_since = earlier}, whole},
      {"If-Modified-Since unreadable", {.if_modified_since = "yesterday"}, whole},
      {"If-None-Match decides over the date", {.if_none_match = "\"x\"", .if_modified_since = later}, whole},
      {"If-Unmodified-Since same", {.if_unmodified_since = same_date}, whole},
      {"If-Unmodified-Since earlier", {.if_unmodified_since = earlier}, failed},
      {"If-Unmodified-Since unreadable", {.if_unmodified_since = "1994"}, whole},
      {"If-Match decides over the date", {.if_match = "\"abc\"", .if_unmodified_since = earlier}, whole},
      {"resume of the same file", {.if_match = "\"abc\"", .range = "bytes=10-"}, {206, 10, 990}},
      {"resume of another file", {.if_match = "\"old\"", .range = "bytes=10-"}, failed},
      {"If-Range same tag", {.if_range = "\"abc\"", .range = "bytes=10-"}, {206, 10, 990}},
      {"If-Range other tag", {.if_range = "\"old\"", .range = "bytes=10-"}, whole},
      {"If-Range weak tag", {.if_range = "W/\"abc\"", .range = "bytes=10-"}, whole},
      {"If-Range has no star", {.if_range = "*", .range = "bytes=10-"}, whole},
      {"If-Range same date", {.if_range = same_date, .range = "bytes=10-"}, {206, 10, 990}},
      {"If-Range later date is not the same", {.if_range = later, .range = "bytes=10-"}, whole},
      {"If-Range without a range", {.if_range = "\"abc\""}, whole},
      {"304 before 416", {.if_none_match = "\"abc\"", .range = "bytes=5000-"}, not_modified},
  };
  for (const auto& c : cases) EXPECT_EQ(get(c.conditions), c.want) << c.name;
}

TEST(HttpConditions, HeadKnowsConditionsButNoRanges) {
  Conditions conditions;
  conditions.range = "bytes=10-";
  EXPECT_EQ(select(conditions, file, 1000, false), whole);
  conditions.if_none_match = "\"abc\"";
  EXPECT_EQ(select(conditions, file, 1000, false), not_modified);
}

TEST(HttpDate, WrittenAndReadBack) {
  EXPECT_EQ(print_http_date(written), same_date);
  for (const std::int64_t time :
       {std::int64_t{0}, written, std::int64_t{951782400}, std::int64_t{4102444799}}) {
    EXPECT_EQ(parse_http_date(print_http_date(time)), time);
  }
}

TEST(HttpDate, WhatIsNoDateIsNotRead) {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun  06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace net
