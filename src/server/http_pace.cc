// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/http_pace.h"

#include <optional>

namespace server {

net::HttpPace http_pace(const TrafficLimits& limits, std::string_view interface, const base::Ip& client) {
  const TrafficLimits::Of of = limits.of(interface, client);
  if (of.none()) return nullptr;
  // A reservation is made once, and asked for again when its time has come.
  return [of, reserved = std::optional<base::Time>()](std::size_t octets, base::Time now) mutable {
    if (!reserved) reserved = of.reserve(octets, now);
    if (*reserved > now) return *reserved;
    reserved.reset();
    return now;
  };
}

}  // namespace server
