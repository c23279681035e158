// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/plan_text.h"

#include <fmt/format.h>

#include "render/quote.h"

namespace render {

std::string title(const policy::Boot& boot) { return screen_text(boot.image->name); }

std::string ignore_text(const policy::Plan& plan) {
  const auto* ignore = std::get_if<policy::Ignore>(&plan.outcome);
  if (ignore == nullptr) return {};
  return fmt::format("Bootferry: {}: {}", print(ignore->reason), explain(ignore->reason));
}

}  // namespace render
