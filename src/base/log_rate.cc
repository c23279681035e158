// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_rate.h"

#include "base/log.h"

namespace base {

bool LogRate::may_log(std::string_view component, base::Time now) {
  if (!allow(now)) return false;
  if (const std::uint64_t left_out = take_left_out(); left_out > 0) {
    base::log(base::LogLevel::warning, component, "{} lines left out: more than can be logged", left_out);
  }
  return true;
}

}  // namespace base
