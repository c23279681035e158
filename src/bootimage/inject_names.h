// SPDX-License-Identifier: GPL-3.0-or-later
// Names inside a Windows image that files come to stand under. «/» stands between parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootimage {

// What somebody typed, with either slash and from the image's root: «\Tools\x.exe» is
// «/Tools/x.exe». Refused where Windows could have no such file: a drive, «..», characters and
// names of its own, more than 200 octets.
base::Result<std::string> image_path(std::string_view typed);
std::string as_windows(std::string_view path);  // «\Tools\x.exe», for people and scripts

// The folders that a path is in, from the outermost: «/Windows», «/Windows/System32».
std::vector<std::string> parents_of(std::string_view path);
// Whether it is that path, or below it. Windows' names know no case.
bool is_at_or_below(std::string_view path, std::string_view folder);

// Programs and fonts that machines need before Windows starts, and what starts Windows.
bool is_boot_program(std::string_view path);

// «e1d 12.19 (x64)» as a folder's name that scripts can name: «e1d-12.19-x64».
std::string plain_name(std::string_view name);

}  // namespace bootimage
