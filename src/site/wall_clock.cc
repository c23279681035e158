// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/wall_clock.h"

#include <ctime>

namespace site {

policy::Now wall_clock() {
  const std::time_t now = std::time(nullptr);
  // Local time takes a lock inside libc and some hundred nanoseconds: once a minute is enough,
  // since windows know no seconds. Zones change their offset on whole minutes.
  thread_local std::time_t minute = -1;
  thread_local std::uint16_t of_week = 0;
  if (now / 60 != minute) {
    minute = now / 60;
    of_week = wall_clock_at(now).minute_of_week;
  }
  return {now, of_week};
}

policy::Now wall_clock_at(std::int64_t unix_seconds) {
  const std::time_t when = unix_seconds;
  std::tm local{};
  localtime_r(&when, &local);
  return {unix_seconds,
          static_cast<std::uint16_t>(((local.tm_wday + 6) % 7 * 24 + local.tm_hour) * 60 + local.tm_min)};
}

}  // namespace site
