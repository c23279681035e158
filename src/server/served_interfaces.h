// SPDX-License-Identifier: GPL-3.0-or-later
// Which interfaces this server serves, as they are now. Sockets are bound to all of them,
// because interfaces come and go; what arrives elsewhere is dropped by name.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "net/interfaces.h"

namespace server {

class ServedInterfaces {
 public:
  // `names` empty: every interface that is up and not loopback.
  explicit ServedInterfaces(std::vector<std::string> names) : names_(std::move(names)) {}

  void set_names(std::vector<std::string> names);
  void update(std::vector<net::Interface> now);

  [[nodiscard]] bool serves(unsigned index) const;
  // The interface that has this address of ours; 0 if none.
  [[nodiscard]] unsigned index_of(base::Ipv4 own_address) const;
  [[nodiscard]] std::vector<net::Interface> served() const;
  // Named in the configuration and not there.
  [[nodiscard]] std::vector<std::string> missing() const;

 private:
  [[nodiscard]] bool named(const net::Interface& interface) const;

  mutable std::mutex mutex_;  // written when an interface changes, which is rare
  std::vector<std::string> names_;
  std::vector<net::Interface> all_;
};

}  // namespace server
