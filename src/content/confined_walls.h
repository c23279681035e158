// SPDX-License-Identifier: GPL-3.0-or-later
// What a confined child takes from itself before it looks at the file.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "content/file_part.h"

namespace content {

struct WallLimits {
  std::uint64_t memory = 0;     // octets of address space
  std::uint64_t processor = 0;  // seconds
  std::uint64_t output = 0;     // octets of any file
};
base::Status set_limits(const WallLimits& limits);

// Every capability, for good, and whatever a program could give by being started.
base::Status drop_rights();

// No file, directory, socket or process is in reach afterwards. False when this kernel has no
// Landlock: raise_seccomp() alone then keeps every file shut.
bool raise_landlock();

struct WallFiles {
  FilePart file;
  std::optional<FilePart> beside;
};
// The list of system calls that remain. Opening confined_file for reading gives a copy of `file`,
// which the process may have no right to open by any name, with a position of its own; where `file`
// is a part, the copy begins and ends with it. Likewise confined_beside and its parts. All other
// opening fails.
base::Status raise_seccomp(const WallFiles& files);

}  // namespace content
