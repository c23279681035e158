// SPDX-License-Identifier: GPL-3.0-or-later
// Debian's own tools, which do the heavy lifting: started without a shell, each with its
// arguments as they are.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bootimage {

struct Tool {
  const char* name;
  const char* package;  // that brings it, for who has to install it
};
inline constexpr Tool apt_get{"apt-get", "apt"}, apt_cache{"apt-cache", "apt"}, dpkg_deb{"dpkg-deb", "dpkg"},
    depmod{"depmod", "kmod"}, modinfo{"modinfo", "kmod"}, cpio{"cpio", "cpio"}, xz{"xz", "xz-utils"},
    objcopy{"objcopy", "binutils"}, objdump{"objdump", "binutils"};

struct Way {
  std::string folder = {};  // where it runs; empty: here
  std::string input = {};   // its standard input
  std::string output = {};  // a file that its standard output goes to; empty: it is returned
};

// To its end. The error names the tool, what it said, and what to install if it is not there.
// An interrupt ends the tool, and so becomes an error: what was begun can be cleared away.
base::Result<std::string> run(const Tool& tool, const std::vector<std::string>& arguments,
                              const Way& way = {});

}  // namespace bootimage
