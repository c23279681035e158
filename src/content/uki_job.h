// SPDX-License-Identifier: GPL-3.0-or-later
// What the limited process does with a unified kernel image: the answer is the facts as JSON.
#pragma once

#include <string_view>

#include "content/confined_child.h"

namespace content {

inline constexpr std::string_view uki_job = "uki";
ConfinedResult<std::string> run_uki_job(std::string_view argument);

}  // namespace content
