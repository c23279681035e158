// SPDX-License-Identifier: GPL-3.0-or-later
// Directories that we make: durable, and owned by whom the state directory belongs to, also
// when root works on a stopped server's state.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace content {

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};
base::Result<Owner> owner_of(const std::string& path);

// Does nothing unless we are root: others cannot give files away and need not.
void give_to(int fd, const Owner& owner);

// Fine when it is there already.
base::Status make_directory(const std::string& path, const Owner& owner);

// A new name in a directory is durable only after this.
base::Status sync_directory(const std::string& path);

}  // namespace content
