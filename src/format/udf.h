// SPDX-License-Identifier: GPL-3.0-or-later
// UDF (ECMA-167, OSTA UDF 1.02 to 2.01) as Windows media have it: plain partitions, written in
// one go.
#pragma once

#include "base/result.h"
#include "format/disc.h"
#include "format/disc_reader.h"

namespace format {

// Anything but files and directories is left out. Virtual, sparable and metadata partitions,
// and files with holes, are refused by name.
base::Result<Disc> read_udf(DiscReader& reader);

}  // namespace format
