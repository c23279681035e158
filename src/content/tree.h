// SPDX-License-Identifier: GPL-3.0-or-later
// Finds what a netboot tree boots: in its own loader configuration (pxelinux, then GRUB),
// else by the names that kernels and initrds usually have. Knows names and texts, no files.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace content {

struct TreeView {
  std::vector<std::string> names;  // relative, '/' between parts
  // The text of one of `names`. Only configuration files and what they include are asked for.
  std::function<base::Result<std::string>(const std::string& name)> read;
};

struct BootEntry {
  std::string label;   // what the tree calls it; empty when found by name
  std::string kernel;  // these three as spelled in TreeView::names
  std::vector<std::string> initrds;
  std::string command_line;  // without initrd=
  bool operator==(const BootEntry&) const = default;
};

// The entry called «install», else the default one, else the only one.
base::Result<BootEntry> find_boot_entry(const TreeView& tree);

}  // namespace content
