// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged and hostile Windows images, each made from a number: the same number, the same file.
// Layout of the format: protocol sheet of the WIM header; offsets as in libwim's headers.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "scratch.h"

struct HostileWim {
  std::string attack;  // what was done to it
  std::string bytes;
};

class HostileWims {
 public:
  // Makes the sound images that the attacks begin with.
  explicit HostileWims(const Scratch& scratch);
  [[nodiscard]] HostileWim make(std::uint32_t number) const;

 private:
  using Random = std::mt19937;
  [[nodiscard]] const std::string& any(Random& random) const;
  [[nodiscard]] HostileWim truncated(Random& random) const;
  [[nodiscard]] HostileWim flipped(Random& random) const;
  [[nodiscard]] HostileWim header_field(Random& random) const;
  [[nodiscard]] HostileWim crossed_resources(Random& random) const;
  [[nodiscard]] HostileWim table_entry(Random& random) const;
  [[nodiscard]] HostileWim xml(Random& random) const;
  [[nodiscard]] HostileWim folders(Random& random) const;
  [[nodiscard]] HostileWim names(Random& random) const;
  [[nodiscard]] HostileWim runaway(Random& random) const;
  [[nodiscard]] HostileWim bomb(Random& random) const;

  std::vector<std::string> sound_;  // LZX with integrity table, none, solid
  std::string plain_;               // not compressed: its folders can be edited
  std::string bomb_;                // small, of files that are not
};
