// SPDX-License-Identifier: GPL-3.0-or-later
// Disc images that somebody hands over: what one boots, and where in it each part's octets
// stand. Read in a limited process (confined.h), as Windows images are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "content/boot_media.h"
#include "content/confined.h"
#include "format/disc.h"

namespace content {

struct DiscFacts {
  std::uint64_t size = 0;  // octets of the image
  format::DiscNames names = format::DiscNames::iso9660;
  std::string label;      // one line; may be empty
  std::size_t files = 0;  // on all of it
  BootMedia media;
};

struct DiscInspection {
  DiscFacts facts;
  bool landlock = false;  // ConfinedAnswer
};

// Refuses a disc that boots nothing that we know: find_boot_parts says why. `entry`: as there, at
// most longest_menu_entry octets.
ConfinedResult<DiscInspection> inspect_disc(const FilePart& file, std::string_view entry = {},
                                            const ConfinedLimits& limits = {});
inline constexpr std::size_t longest_menu_entry = format::longest_disc_path;

// A file on the disc as a part of its image, to be read in place. Refused where it lies in
// several pieces, or is empty.
ConfinedResult<FilePart> part_of_disc(int disc, const format::DiscFile& file);

// Whether a file is to be taken for a disc image: one by its descriptors at 32 KiB, which does
// not begin as a Windows image does. False for what cannot be read.
bool is_disc_image(int file);

}  // namespace content
