// SPDX-License-Identifier: GPL-3.0-or-later
// The wall's time as decisions take it.
#pragma once

#include <cstdint>

#include "policy/decide.h"

namespace site {

// Any thread.
policy::Now wall_clock();
policy::Now wall_clock_at(std::int64_t unix_seconds);

}  // namespace site
