// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/traffic_limits.h"

#include <algorithm>

namespace server {

TrafficLimits::TrafficLimits(const std::vector<InterfaceLimit>& interfaces,
                             const std::vector<NetworkLimit>& networks) {
  for (const InterfaceLimit& limit : interfaces) {
    interfaces_.push_back({limit.name, std::make_unique<session::RateLimit>(limit.octets_per_second)});
  }
  for (const NetworkLimit& limit : networks) {
    networks_.push_back({limit.network, std::make_unique<session::RateLimit>(limit.octets_per_second)});
  }
  std::ranges::stable_sort(networks_, std::greater<>(), [](const Network& n) { return n.network.prefix; });
}

TrafficLimits::Of TrafficLimits::of(std::string_view interface, const base::Ip& client) const {
  Of found;
  const auto by_name = std::ranges::find(interfaces_, interface, &Interface::name);
  if (by_name != interfaces_.end()) found.interface_ = by_name->limit.get();
  const auto by_network =
      std::ranges::find_if(networks_, [&](const Network& n) { return n.network.contains(client); });
  if (by_network != networks_.end()) found.network_ = by_network->limit.get();
  return found;
}

base::Time TrafficLimits::Of::ask(Turn& turn, std::size_t octets, base::Time now) const {
  if (network_ != nullptr && turn.paid_ == nullptr) {
    const base::Time when = network_->ask(turn.network_, octets, now);
    if (when > now) return when;
    turn.paid_ = network_;
    turn.octets_ = octets;
  }
  if (interface_ != nullptr) {
    const base::Time when = interface_->ask(turn.interface_, octets, now);
    if (when > now) return when;
  }
  turn.paid_ = nullptr;
  return now;
}

void TrafficLimits::Turn::cancel() {
  network_.cancel();
  interface_.cancel();
  if (paid_ != nullptr) paid_->give_back(octets_);
  paid_ = nullptr;
}

}  // namespace server
