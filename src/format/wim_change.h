// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of what is in a Windows image, as values. Paths are the image's own, from its root, with
// slashes: «/Windows/System32/startnet.cmd».
#pragma once

#include <cstdint>
#include <string>

namespace format {

enum class WimEntryKind : std::uint8_t { none, file, folder, other };

struct WimChange {
  enum class Kind : std::uint8_t {
    remove,  // whatever stands there, with all below it; nothing to be there is fine
    rename,
    add,  // a file, in place of one of that name
  };
  Kind kind = Kind::remove;
  std::string path;
  std::string other = {};  // rename: the new path; add: a file's name outside of the image
};

}  // namespace format
