// SPDX-License-Identifier: GPL-3.0-or-later
// A Unix stream socket in the file system, for HttpServer to listen at.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "base/result.h"

namespace net {

struct UnixPlace {
  std::string path;
  mode_t mode = 0660;
  std::optional<std::pair<uid_t, gid_t>> owner = std::nullopt;  // nothing: this process
};

// Makes the socket's folder if it is missing, and replaces the socket of a server that died;
// refuses while another one answers there. It is never open to more people than in the end.
// Errors call it `what` («management socket») and name the configuration's `key`. Whoever opened
// it removes the file.
base::Result<base::Fd> open_unix_listener(const UnixPlace& place, std::string_view what,
                                          std::string_view key);

}  // namespace net
