// SPDX-License-Identifier: GPL-3.0-or-later
// Section [limits] for HTTP: a connection takes its octets from the same limits as the TFTP
// transfers of its network and interface.
#pragma once

#include <string_view>

#include "net/http_server.h"
#include "server/traffic_limits.h"

namespace server {

// Empty where nothing limits this client. `limits` outlives it.
net::HttpPace http_pace(const TrafficLimits& limits, std::string_view interface, const base::Ip& client);

}  // namespace server
