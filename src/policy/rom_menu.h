// SPDX-License-Identifier: GPL-3.0-or-later
// A menu that the ROM itself shows (PXE's option 43), for machines whose architecture has no
// loader that could ask. What is chosen boots the program that is named for it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "policy/facts.h"
#include "policy/plan.h"

namespace policy {

struct RomMenu {
  struct Entry {
    std::uint16_t item = 0;  // PXE's number of it
    Choice choice;
    std::string_view title;  // lives in the snapshot
  };
  std::array<Entry, Menu::capacity> entries{};
  std::size_t size = 0;
  bool silence_boots = false;  // the first entry, else the local disk
  [[nodiscard]] std::span<const Entry> list() const { return {entries.data(), size}; }
};

// PXE's number of a deployment: from the range that is the makers' own, 32768 to 65534. Two of one
// menu have the same only if their ids are a multiple of 32767 apart; the first counts.
std::uint16_t rom_menu_item(std::int64_t deployment);

// Of those that the plan offers (a menu, or one that asks) those with a program that boots them on
// this machine: named for the device or the deployment, else the default of its architecture.
// Empty where the firmware shows no menus (policy/recipe.h).
RomMenu rom_menu(const Facts& facts, const Plan& plan, const Snapshot& snapshot);

}  // namespace policy
