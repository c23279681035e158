// SPDX-License-Identifier: GPL-3.0-or-later
// Bounds the log: so many lines a second, then silence and one line that says how many
// were left out. Hostile traffic must fill neither disk nor journal.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace base {

class LogRate {
 public:
  explicit LogRate(std::uint32_t lines_per_second = 50) : limit_(lines_per_second) {}

  // Whether a line may be written now.
  bool allow(base::Time now) {
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      used_ = 0;
    }
    if (used_ < limit_) {
      ++used_;
      return true;
    }
    ++left_out_;
    return false;
  }
  // Lines left out since the last call.
  std::uint64_t take_left_out() {
    const std::uint64_t n = left_out_;
    left_out_ = 0;
    return n;
  }
  // The two together: when a line may be written, says first how many could not.
  bool may_log(std::string_view component, base::Time now);

 private:
  std::uint32_t limit_;
  base::Time second_{};
  std::uint32_t used_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace base
