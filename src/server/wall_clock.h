// SPDX-License-Identifier: GPL-3.0-or-later
// The wall's time as decisions take it.
#pragma once

#include "policy/decide.h"

namespace server {

// Any thread.
policy::Now wall_clock();

}  // namespace server
