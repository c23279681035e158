// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/http_pace.h"

#include <memory>

namespace server {

net::HttpPace http_pace(const TrafficLimits& limits, std::string_view interface, const base::Ip& client) {
  const TrafficLimits::Of of = limits.of(interface, client);
  if (of.none()) return nullptr;
  // Shared, because what is called must be copyable; the connection has the only one.
  return [of, turn = std::make_shared<TrafficLimits::Turn>()](std::size_t octets, base::Time now) {
    return of.ask(*turn, octets, now);
  };
}

}  // namespace server
