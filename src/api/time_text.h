// SPDX-License-Identifier: GPL-3.0-or-later
// Windows of a week as people write them; times are in json.h. Both in time_text.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/network.h"

namespace api {

// "Sat 22:00-Sun 06:00", in the server's local time. One that ends when it begins is a week long.
std::string print_window(const policy::WeekWindow& window);
// The second day may be left out: "Mon 20:00-23:00"; it is the next one where that is earlier.
std::optional<policy::WeekWindow> parse_window(std::string_view text);

}  // namespace api
