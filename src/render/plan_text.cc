// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/plan_text.h"

#include "render/quote.h"

namespace render {
namespace {

// By its deployment where that is named for people, else by its image.
std::string title(const policy::Choice& choice, bool several) {
  const bool named = several && choice.deployment != nullptr;
  return screen_text(choice.task_sequence != nullptr ? choice.task_sequence->name
                     : named                         ? choice.deployment->name
                                                     : choice.image->name);
}

}  // namespace

std::optional<Screen> screen_of(const policy::Plan& plan) {
  Screen screen;
  if (const policy::Boot* boot = plan.boot()) {
    if (boot->choice.image == nullptr) return std::nullopt;
    screen.entries.push_back({title(boot->choice, false), boot->choice.image, boot->choice.windows});
    screen.asks = boot->prompt != policy::Prompting::none;
    screen.silence_boots = boot->prompt == policy::Prompting::opt_out;
    return screen;
  }
  const policy::Menu* menu = plan.menu();
  if (menu == nullptr) return std::nullopt;
  for (const policy::Choice& choice : menu->entries()) {
    screen.entries.push_back({title(choice, true), choice.image, choice.windows});
  }
  screen.asks = true;
  screen.silence_boots = menu->prompt == policy::Prompting::opt_out;
  return screen;
}

std::string refusal_text(const policy::Plan& plan) {
  if (const auto reason = plan.reason()) {
    return fmt::format("Bootferry: {}: {}", policy::print(*reason), policy::explain(*reason));
  }
  if (const auto* refer = std::get_if<policy::Refer>(&plan.outcome)) {
    return fmt::format("Bootferry: this machine is referred to {} ({}), where this boot program cannot go",
                       refer->server->name, refer->server->address.print());
  }
  if (std::holds_alternative<policy::AskApproval>(plan.outcome)) {
    return "Bootferry: an administrator has to approve this machine, and it did not say which one it is";
  }
  return "Bootferry: a boot program is meant for this machine, and no image";
}

}  // namespace render
