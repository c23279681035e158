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

Screen::Entry entry(const policy::Choice& choice, bool several) {
  return {title(choice, several), choice.image, choice.windows, choice.deployment, choice.task_sequence};
}

}  // namespace

Choosing choosing(const Screen::Entry& entry, const BootWords& boot) {
  return {entry.image->name, entry.deployment == nullptr ? "" : entry.deployment->name,
          answers_url(boot.report, entry.image->id),
          entry.task_sequence == nullptr ? nullptr : &entry.task_sequence->variables};
}

std::string command_line_of(const Screen::Entry& entry, const BootWords& boot) {
  const std::string line = Template::read(entry.image->command_line).render(boot, choosing(entry, boot));
  if (boot.report_word.empty()) return line;
  return fmt::format("{}{}{}", boot.report_word, line.empty() ? "" : " ", line);
}

std::optional<Screen> screen_of(const policy::Plan& plan) {
  Screen screen;
  if (const policy::Boot* boot = plan.boot()) {
    if (boot->choice.image == nullptr) return std::nullopt;
    screen.entries.push_back(entry(boot->choice, false));
    screen.asks = boot->prompt != policy::Prompting::none;
    screen.silence_boots = boot->prompt == policy::Prompting::opt_out;
    return screen;
  }
  const policy::Menu* menu = plan.menu();
  if (menu == nullptr) return std::nullopt;
  for (const policy::Choice& choice : menu->entries()) {
    screen.entries.push_back(entry(choice, true));
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
