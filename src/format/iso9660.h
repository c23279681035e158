// SPDX-License-Identifier: GPL-3.0-or-later
// ISO 9660 (ECMA-119) with the names of Rock Ridge (IEEE P1282 over SUSP) or Joliet where an
// image has them.
#pragma once

#include "base/result.h"
#include "format/disc.h"
#include "format/disc_reader.h"

namespace format {

// Symbolic links and associated files are left out; interleaved and compressed (zisofs) files
// are refused.
base::Result<Disc> read_iso9660(DiscReader& reader);

}  // namespace format
