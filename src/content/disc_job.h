// SPDX-License-Identifier: GPL-3.0-or-later
// What the limited process does with a disc image: the argument is the menu entry that is
// wanted, the answer is the facts as JSON.
#pragma once

#include <string_view>

#include "content/confined_child.h"

namespace content {

inline constexpr std::string_view disc_job = "disc";
ConfinedResult<std::string> run_disc_job(std::string_view argument);

}  // namespace content
