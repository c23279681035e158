// SPDX-License-Identifier: GPL-3.0-or-later
// What a disc image boots: Windows media or Linux media, and which of its files matter. Only
// names, the fronts of a few files and loader configurations are looked at: a 6 GB image is
// known in milliseconds, and its files are parts of the image that may be read where they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "content/kernel.h"
#include "content/tree.h"
#include "format/disc.h"
#include "policy/arch.h"

namespace content {

// A folder with «sources» in it: the image itself, or «x64» and «x86» of media for both.
struct WindowsTree {
  std::string folder;                        // empty: the image itself
  std::optional<format::DiscFile> boot_wim;  // sources/boot.wim
  std::optional<format::DiscFile> install;   // sources/install.wim, .esd, or the first .swm
  std::optional<format::DiscFile> boot_sdi;  // boot/boot.sdi
  std::vector<format::DiscFile> fonts;       // boot/fonts/*.ttf
  // What its programs are built for, by their own headers; other: they do not tell. What the
  // WIM says of itself counts for more.
  policy::Arch arch = policy::Arch::other;
};
inline constexpr std::size_t most_windows_trees = 8;
inline constexpr std::size_t most_disc_fonts = 64;  // what is beyond is left
struct WindowsMedia {
  std::vector<WindowsTree> trees;  // at least one, each with a WIM
};

struct LinuxMedia {
  BootEntry entry;                   // as its own loader has it
  std::vector<std::string> entries;  // the labels of BootMenu
  std::vector<std::string> needs;    // marked_needs() of the disc
  format::DiscFile kernel;
  std::vector<format::DiscFile> initrds;
  KernelFacts kernel_facts;
};

using BootMedia = std::variant<WindowsMedia, LinuxMedia>;

// `entry`: of Linux media, as find_boot_menu takes it.
base::Result<BootMedia> find_boot_parts(const format::DiscSource& source, const format::Disc& disc,
                                        std::string_view entry = {});

}  // namespace content
