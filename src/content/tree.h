// SPDX-License-Identifier: GPL-3.0-or-later
// Finds what a netboot tree boots: in its own loader configuration (pxelinux, then GRUB),
// else by the names that kernels and initrds usually have. Knows names and texts, no files.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace content {

struct TreeView {
  std::vector<std::string> names;  // relative, '/' between parts
  // The text of one of `names`. Only configuration files and what they include are asked for.
  std::function<base::Result<std::string>(const std::string& name)> read;
  // What to do where its menus leave the choice open: the end of a sentence.
  std::string_view to_choose = "name them with --kernel and --initrd";
};

struct BootEntry {
  std::string label;   // what the tree calls it; empty when found by name
  std::string kernel;  // these three as spelled in TreeView::names
  std::vector<std::string> initrds;
  std::string command_line;  // without initrd=
  bool operator==(const BootEntry&) const = default;
};

struct BootMenu {
  BootEntry chosen;
  // Of all entries that boot something of the tree, in the configuration of the same loader and
  // of those that are more telling: one line each, each once. None: it was found by names.
  std::vector<std::string> labels;
};
inline constexpr std::size_t most_menu_labels = 64;     // what is beyond is not listed
inline constexpr std::size_t longest_menu_label = 120;  // octets; the rest is cut off

// The entry `wanted`, by its label without regard to case or by its kernel's path; where that is
// empty: the one called «install», else the default one, else the only one.
base::Result<BootMenu> find_boot_menu(const TreeView& tree, std::string_view wanted = {});

}  // namespace content
