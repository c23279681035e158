// SPDX-License-Identifier: GPL-3.0-or-later
// A folder as an initramfs: the same folder gives the same octets, whoever owns its files and
// whenever they were written.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace bootimage {

// Packs all of `root` into `file` (newc, xz); everything in it is root's and bears one date.
base::Status pack(const std::string& root, const std::string& file, std::int64_t date);

}  // namespace bootimage
