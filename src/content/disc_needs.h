// SPDX-License-Identifier: GPL-3.0-or-later
// What a Linux system looks for on the disc that it came on, and so does not find when only its
// kernel and initrds were taken from there: the consequence, and what to do.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/disc.h"

namespace content {

struct DiscNeed {
  std::string_view name;  // of whoever looks: "casper"
  // A file or a folder ("casper/") of such discs; empty: none tells.
  std::string_view marker;
  // Words of a kernel command line that tell it, by how they begin.
  std::vector<std::string_view> told_by;
  // Those with which it looks in the network instead.
  std::vector<std::string_view> met_by;
  std::string_view consequence;
  std::string_view remedy;
};
// Of each kind that is known.
std::span<const DiscNeed> disc_needs();

// The names of those whose marker is there.
std::vector<std::string> marked_needs(const format::Disc& disc);

// What is still missing with this command line, of `marked` and of what the line itself tells. A
// line that names the disc in a way that is not in the table is told in general terms.
std::vector<const DiscNeed*> unmet_needs(std::span<const std::string> marked, std::string_view command_line);

}  // namespace content
