// SPDX-License-Identifier: GPL-3.0-or-later
// What is on a disc image as JSON: between the limited process and its parent, and for whoever
// asks for JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "content/disc.h"

namespace content {

// Bounds of what the facts may hold: real media have a fraction of each.
inline constexpr std::size_t most_disc_initrds = 32;
inline constexpr std::size_t longest_disc_command_line = 4096;  // octets
inline constexpr std::size_t most_disc_pieces = 4096;           // of one file

// Whether parse_disc_facts will take them; says which bound they break.
base::Status check_disc_facts(const DiscFacts& facts);
std::string print_disc_facts(const DiscFacts& facts);

// Suspicious of everything: kinds, bounds, paths that leave the disc, parts that are not within
// `size`, the octets that the image has.
base::Result<DiscFacts> parse_disc_facts(std::string_view json, std::uint64_t size);

}  // namespace content
