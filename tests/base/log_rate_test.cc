// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_rate.h"

#include <gmock/gmock.h>

#include "log_lines.h"

namespace base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const base::Time start{std::chrono::hours(24)};

int allowed(LogRate& rate, int lines, base::Time now) {
  int count = 0;
  for (int i = 0; i < lines; ++i) count += rate.allow(now) ? 1 : 0;
  return count;
}

TEST(LogRate, LetsSoManyLinesThroughEachSecond) {
  const struct {
    const char* name;
    base::Duration later;
    int lines, want;
  } cases[] = {
      {"few", milliseconds(0), 2, 2},
      {"up to the limit, then none", milliseconds(0), 100, 3},
      {"the same second", milliseconds(999), 1, 0},
      {"the next second", milliseconds(1000), 100, 5},
      {"after a quiet day", std::chrono::hours(24), 100, 5},
  };
  LogRate rate(5);
  for (const auto& c : cases) EXPECT_EQ(allowed(rate, c.lines, start + c.later), c.want) << c.name;
}

TEST(LogRate, AFloodOfMinutesStaysBounded) {
  LogRate rate(50);
  int lines = 0;
  for (int ms = 0; ms < 60'000; ++ms) lines += allowed(rate, 10, start + milliseconds(ms));
  EXPECT_EQ(lines, 60 * 50);
  EXPECT_EQ(rate.take_left_out(), 600'000U - 60U * 50U);
}

TEST(LogRate, EachLeftOutLineIsToldOnce) {
  LogRate rate(2);
  EXPECT_EQ(rate.take_left_out(), 0U);
  allowed(rate, 10, start);
  EXPECT_EQ(rate.take_left_out(), 8U);
  EXPECT_EQ(rate.take_left_out(), 0U);
}

TEST(LogRate, SaysHowManyWereLeftOutBeforeTheNextLine) {
  boot_test::LogLines log;
  LogRate rate(2);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rate.may_log("pxe", start), i < 2) << i;
  EXPECT_THAT(log.take(), IsEmpty()) << "a line about each lost line would be no bound";
  EXPECT_TRUE(rate.may_log("pxe", start + seconds(1)));
  EXPECT_THAT(log.take(), ElementsAre("warning pxe: 8 lines left out: more than can be logged"));
  EXPECT_TRUE(rate.may_log("pxe", start + seconds(1)));
  EXPECT_THAT(log.take(), IsEmpty());
}

}  // namespace
}  // namespace base
