// SPDX-License-Identifier: GPL-3.0-or-later
// What the three menu languages say alike.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "policy/decide.h"

namespace render {

// The name of what boots, for screens.
std::string title(const policy::Boot& boot);
// Why nothing boots from here: "Bootferry: no-deployment: nothing is deployed …".
std::string ignore_text(const policy::Plan& plan);

// A prompt of no seconds would wait for ever in one language and not at all in another.
inline unsigned prompt_seconds(const policy::Settings& settings) {
  return std::max<unsigned>(settings.prompt_seconds, 1);
}

// Adds one line.
template <class... Args>
void line(std::string& script, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(script), text, std::forward<Args>(args)...);
  script += '\n';
}

inline constexpr std::string_view local_disk = "Boot from the local disk";

}  // namespace render
