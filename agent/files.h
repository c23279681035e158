// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's small files: /proc and /sys, of the machine itself or below a test's folder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace agent {

// At most `most` octets; empty where there is no such file.
std::string read_octets(const std::string& path, std::size_t most = 65536);
// The same, without blanks and line ends around it.
std::string read_text(const std::string& path);
// Names in a folder, sorted, without "." and ".."; none where there is no such folder.
std::vector<std::string> names_in(const std::string& folder);
bool is_there(const std::string& path);
// What a symbolic link points at, and the last part of that; empty where it is none.
std::string link_of(const std::string& path);
std::string link_name(const std::string& path);

}  // namespace agent
