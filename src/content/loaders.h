// SPDX-License-Identifier: GPL-3.0-or-later
// The boot programs that Debian's packages bring, and the names they are served under. A
// new loader, or another place where a distribution keeps one, is a row in loaders.cc.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/published.h"

namespace content {

struct Loader {
  std::string_view name;                       // published
  std::array<std::string_view, 2> candidates;  // on disk, first readable one wins
  std::string_view package;
  // A program that a machine starts, not a module or a font that one reads.
  bool boots = true;
  // Chains work without it: no complaint when it is missing.
  bool optional = false;
};
std::span<const Loader> loaders();

// Publishes what is installed. Returns a sentence for each package that is missing and
// needed. `root` stands before every path on disk (tests).
std::vector<std::string> publish_loaders(Published& published, std::string_view root = "");

}  // namespace content
