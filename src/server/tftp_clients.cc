// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_clients.h"

namespace server {

TftpClients::Terms TftpClients::admit(const base::Ip& client, unsigned interface, base::Time now) {
  const std::lock_guard lock(mutex_);
  if (all_ >= most_) return {.refused = TftpReason::total_limit};
  unsigned& here = per_address_[client];
  if (here >= most_per_address_) return {.refused = TftpReason::client_limit};
  ++here;
  ++all_;
  const std::uint32_t sharing = ++per_interface_[interface];
  return {.max_windowsize = losses_.window_for(client, now), .max_in_flight = most_in_flight / sharing};
}

void TftpClients::leave(const base::Ip& client, unsigned interface) {
  const std::lock_guard lock(mutex_);
  count_down(client, interface);
}

void TftpClients::leave(const base::Ip& client, unsigned interface, const session::TftpSend& transfer,
                        base::Time now) {
  const std::lock_guard lock(mutex_);
  count_down(client, interface);
  losses_.ended(client, transfer.terms().windowsize, transfer.acknowledged(), transfer.resent_blocks(), now);
}

void TftpClients::count_down(const base::Ip& client, unsigned interface) {
  --all_;
  --per_interface_[interface];  // there are few, and they stay
  const auto found = per_address_.find(client);
  if (--found->second == 0) per_address_.erase(found);
}

}  // namespace server
