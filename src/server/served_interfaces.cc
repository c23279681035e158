// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/served_interfaces.h"

#include <algorithm>

namespace server {

bool ServedInterfaces::named(const net::Interface& interface) const {
  if (names_.empty()) return !interface.loopback;
  return std::find(names_.begin(), names_.end(), interface.name) != names_.end();
}

void ServedInterfaces::set_names(std::vector<std::string> names) {
  const std::lock_guard lock(mutex_);
  names_ = std::move(names);
}

void ServedInterfaces::update(std::vector<net::Interface> now) {
  const std::lock_guard lock(mutex_);
  all_ = std::move(now);
}

bool ServedInterfaces::serves(unsigned index) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(all_.begin(), all_.end(),
                     [&](const net::Interface& i) { return i.index == index && i.up && named(i); });
}

unsigned ServedInterfaces::index_of(base::Ipv4 own_address) const {
  const std::lock_guard lock(mutex_);
  for (const net::Interface& i : all_) {
    for (const base::Ipv4Net& net : i.addresses) {
      if (net.address == own_address) return i.index;
    }
  }
  return 0;
}

std::vector<net::Interface> ServedInterfaces::served() const {
  const std::lock_guard lock(mutex_);
  std::vector<net::Interface> list;
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(list),
               [&](const net::Interface& i) { return i.up && named(i); });
  return list;
}

std::vector<std::string> ServedInterfaces::missing() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> list;
  for (const std::string& name : names_) {
    const bool there =
        std::any_of(all_.begin(), all_.end(), [&](const net::Interface& i) { return i.name == name; });
    if (!there) list.push_back(name);
  }
  return list;
}

}  // namespace server
