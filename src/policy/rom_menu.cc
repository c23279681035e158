// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rom_menu.h"

#include <algorithm>

#include "policy/recipe.h"

namespace policy {
namespace {

// As decide() has it: the device's own program comes before the deployment's.
bool has_program(const Facts& facts, const Plan& plan, const Choice& choice, const Snapshot& snapshot) {
  const Device* const device = plan.identity.device;
  std::string_view name = choice.deployment != nullptr ? std::string_view(choice.deployment->program) : "";
  if (device != nullptr && !device->extras().program.empty()) name = device->extras().program;
  if (name.empty() && choice.image != nullptr && choice.image->kind == ImageKind::wim) {
    return choice.windows != nullptr && !windows_program(facts, *choice.windows, false).empty();
  }
  if (name.empty()) return snapshot.program(facts.arch, Role::boot) != nullptr;
  const Program* const named = snapshot.program(name);
  return named != nullptr && named->arch == facts.arch;
}

std::string_view title(const Choice& choice) {
  if (choice.task_sequence != nullptr) return choice.task_sequence->name;
  return choice.deployment->name;
}

}  // namespace

std::uint16_t rom_menu_item(std::int64_t deployment) {
  constexpr std::uint64_t first = 32768, count = 32767;  // 65535 is the PXE API's test server
  return static_cast<std::uint16_t>(first + static_cast<std::uint64_t>(deployment) % count);
}

RomMenu rom_menu(const Facts& facts, const Plan& plan, const Snapshot& snapshot) {
  RomMenu menu;
  if (!facts.firmware_known || !recipe_for(facts.kind).shows_menu) return menu;
  const auto add = [&](const Choice& choice) {
    if (choice.deployment == nullptr || !has_program(facts, plan, choice, snapshot)) return;
    const std::uint16_t item = rom_menu_item(choice.deployment->id);
    const auto so_far = menu.list();
    if (std::ranges::find(so_far, item, &RomMenu::Entry::item) != so_far.end()) return;
    menu.entries.at(menu.size++) = {item, choice, title(choice)};
  };
  if (const Menu* several = plan.menu()) {
    std::ranges::for_each(several->entries(), add);
    menu.silence_boots = several->prompt == Prompting::opt_out;
  } else if (const Boot* boot = plan.boot(); boot != nullptr && boot->prompt != Prompting::none) {
    add(boot->choice);
    menu.silence_boots = boot->prompt == Prompting::opt_out;
  }
  return menu;
}

}  // namespace policy
