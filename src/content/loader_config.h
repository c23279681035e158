// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the menu entries out of other people's loader configuration: text in, entries out.
// Only what names a kernel is understood; every other directive is skipped.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace content {

// One entry as it is written; paths are not looked up yet.
struct ConfigEntry {
  std::string label;
  std::string kernel = {};
  std::vector<std::string> initrds = {};
  std::string command_line = {};
  bool is_default = false;
};

// Text of an included file; nullopt when there is none (a normal thing: Debian's menus name
// files that only the graphical tree has).
using Include = std::function<std::optional<std::string>(std::string_view path)>;

// syslinux's language: LABEL, KERNEL/LINUX, APPEND, INITRD, DEFAULT, MENU DEFAULT, INCLUDE.
std::vector<ConfigEntry> parse_syslinux(std::string_view text, const Include& include);
// GRUB's: menuentry 'title' { linux … initrd … }. Only a running GRUB knows its variables:
// an entry with one in a path is left out, a word of a command line with one is dropped. The
// default entry is that of «set default=», by number or title, else the first, as GRUB has it.
std::vector<ConfigEntry> parse_grub(std::string_view text);

}  // namespace content
