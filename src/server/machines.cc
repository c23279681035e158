// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/machines.h"

#include "net/interfaces.h"

namespace server {

session::Resolved Machines::who_asks(const base::Ip& address, unsigned interface,
                                     const session::NameIdentity& name, base::Time now) {
  const bool bound =
      with([&](auto& bindings, auto&) { return bindings.who(address.as_v4(), interface, now) != nullptr; });
  std::optional<base::Mac> neighbour;
  if (!bound && !name.mac) neighbour = net::neighbour(address, interface);
  return resolve(address, interface, name, neighbour, now);
}

session::Resolved Machines::who_fetches(const base::Ip& address, unsigned interface, base::Time now) {
  const session::IpKey key = session::key_of(address, interface);
  std::optional<base::Mac> neighbour;
  const bool answered = with([&](auto& bindings, auto&) {
    if (bindings.who(address.as_v4(), interface, now) != nullptr) return true;
    const auto* const remembered = neighbours_.find(key, now);
    if (remembered == nullptr) return false;
    neighbour = *remembered;
    return true;
  });
  if (!answered) {
    neighbour = net::neighbour(address, interface);
    with([&](auto&, auto&) { neighbours_.touch(key, now) = neighbour; });
  }
  return resolve(address, interface, {}, neighbour, now);
}

session::Resolved Machines::resolve(const base::Ip& address, unsigned interface,
                                    const session::NameIdentity& name, std::optional<base::Mac> neighbour,
                                    base::Time now) {
  return with([&](auto& bindings, auto& attempts) {
    session::Resolved who = bindings.resolve(
        address.as_v4(), interface, name, [&](base::Ipv4, unsigned) { return neighbour; }, now);
    if (auto* known = std::get_if<session::Known>(&who)) {
      // Known by its address alone, or by a name: networks have their say all the same.
      if (known->facts.network.is_zero()) known->facts.network = address;
      attempts.on_request(known->facts.mac, now);
      admission_.on_request(known->facts.mac, now);
    }
    return who;
  });
}

}  // namespace server
