// SPDX-License-Identifier: GPL-3.0-or-later
// The facts of a Windows image as JSON: between the limited process and its parent, beside the
// image when it was taken in, and for whoever asks for JSON. What follows from the facts («serves»,
// «missing») is written along and not read back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "format/wim.h"

namespace content {

std::string print_wim_facts(const format::WimFacts& facts);

// Suspicious of everything: kinds, bounds (format/wim.h), names that become names of files.
base::Result<format::WimFacts> parse_wim_facts(std::string_view json);

// Of a file, from its start; it may be anybody's.
base::Result<format::WimFacts> read_wim_facts(int file);

}  // namespace content
