// SPDX-License-Identifier: GPL-3.0-or-later
// Time as sessions see it: it comes in with each event and is never read from a clock
// below the event loop, so that tests and simulations own it.
#pragma once

#include <chrono>

namespace base {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;

}  // namespace base
