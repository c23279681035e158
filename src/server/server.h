// SPDX-License-Identifier: GPL-3.0-or-later
// `bootferry serve`: from a configuration to a running server, and cleanly back.
#pragma once

#include <functional>

#include "server/config.h"

namespace server {

// Runs until SIGTERM or SIGINT. SIGHUP reads the configuration again through `reload` and
// takes over what can change without new sockets: settings of [boot], interfaces, log
// level, the port for images.
base::Status run(const Config& config, std::function<base::Result<Config>()> reload);

}  // namespace server
