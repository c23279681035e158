// SPDX-License-Identifier: GPL-3.0-or-later
// Which files of a Windows image a machine needs before it has the image itself, where they
// stand, and what does not work without each. Another place or another file is a row of the
// table in wim_boot_files.cc.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/wim.h"

namespace format {

struct WimBootPiece {
  std::string_view name;                   // to publish it as; a folder ends in '/'
  std::array<std::string_view, 3> places;  // in the image; the first that is there counts
  std::uint8_t archs;                      // bit n: matters to images of Arch n
  std::string_view without;                // the consequence, as a sentence; empty: none
};
std::span<const WimBootPiece> wim_boot_pieces();

// Of a folder only such files are taken: "wgl4_boot.ttf" of «fonts/».
bool is_wim_font(std::string_view file_name);

struct WimLack {
  std::string_view name;
  std::string_view without;
};
// What the image that boots does not bring. Empty for one that holds no Windows.
std::vector<WimLack> missing_pieces(const WimFacts& facts);

// Whose machines the image can boot over the network with what it brings: Arch::bios, and the
// UEFI machines of its own architecture. (boot.sdi may be the site's.)
std::vector<policy::Arch> served_by(const WimFacts& facts);

}  // namespace format
