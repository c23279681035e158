// SPDX-License-Identifier: GPL-3.0-or-later
// Windows images that somebody hands over: what one is, and the files that a machine needs
// before it has the image itself. Both read it in a limited process (confined.h), so that a
// hostile file costs an error and no more.
#pragma once

#include <string>
#include <vector>

#include "content/confined.h"
#include "format/wim.h"

namespace content {

struct WimInspection {
  format::WimFacts facts;
  bool landlock = false;  // whether the kernel's second wall stood: ConfinedAnswer
};

// `image` counts from 1; 0 is the one that the file itself boots. Neither the descriptor's
// position nor its being readable by name matters. 423 MB take some 50 ms: only the folders
// and the boot programs are read. An image that is a part of a disc image is read where it is.
ConfinedResult<WimInspection> inspect_wim(const FilePart& file, int image = 0,
                                          const ConfinedLimits& limits = {});

struct WimExtract {
  format::WimBootFile file;  // at <directory>/<file.name>
  std::string sha256;        // 64 hexadecimal digits, of what stands there
};

struct WimExtraction {
  format::WimFacts facts;
  std::vector<WimExtract> files;  // as in facts.boot_files
  bool landlock = false;
};

// Writes the boot files below `directory`, which exists and has none of them: «wdsnbp.com»,
// «fonts/wgl4_boot.ttf», mode 0640. They are not synced. After a failure none is left.
ConfinedResult<WimExtraction> extract_wim_boot_files(const FilePart& file, int image,
                                                     const std::string& directory,
                                                     const ConfinedLimits& limits = {});

}  // namespace content
