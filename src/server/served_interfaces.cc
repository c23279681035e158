// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/served_interfaces.h"

#include <algorithm>

namespace server {

bool has_own_address(const net::Interface& interface) {
  return std::ranges::any_of(interface.addresses,
                             [](const base::IpNet& net) { return !net.address.is_link_local(); });
}

std::vector<base::IpNet> telling_addresses(const net::Interface& interface) {
  std::vector<base::IpNet> list = interface.addresses;
  if (has_own_address(interface)) {
    std::erase_if(list, [](const base::IpNet& net) { return net.address.is_link_local(); });
  }
  return list;
}

InterfaceSet::InterfaceSet(std::vector<net::Interface> served) : list_(std::move(served)) {
  std::ranges::sort(list_, {}, &net::Interface::index);
  for (const net::Interface& i : list_) {
    for (const base::IpNet& net : i.addresses) addresses_.emplace_back(net.address, i.index);
  }
  std::ranges::sort(addresses_);
}

bool InterfaceSet::serves(unsigned index, base::IpFamily family) const {
  const auto found = std::ranges::lower_bound(list_, index, {}, &net::Interface::index);
  if (found == list_.end() || found->index != index || found->addresses.empty()) return false;
  // IPv4 addresses stand first.
  const base::IpNet& of_family =
      family == base::IpFamily::v4 ? found->addresses.front() : found->addresses.back();
  return of_family.address.family() == family;
}

std::string_view InterfaceSet::name_of(unsigned index) const {
  const auto found = std::ranges::lower_bound(list_, index, {}, &net::Interface::index);
  return found != list_.end() && found->index == index ? std::string_view(found->name) : std::string_view();
}

unsigned InterfaceSet::index_of(const base::Ip& own_address) const {
  using Entry = std::pair<base::Ip, unsigned>;
  const auto found = std::ranges::lower_bound(addresses_, own_address, {}, &Entry::first);
  return found != addresses_.end() && found->first == own_address ? found->second : 0;
}

bool ServedInterfaces::named(const net::Interface& interface) const {
  if (names_.empty()) return !interface.loopback;
  return std::find(names_.begin(), names_.end(), interface.name) != names_.end();
}

void ServedInterfaces::publish() {
  std::vector<net::Interface> served;
  std::ranges::copy_if(all_, std::back_inserter(served), [&](const net::Interface& i) {
    return i.up && named(i) && (names_.empty() ? has_own_address(i) : !i.addresses.empty());
  });
  set_ = std::make_shared<InterfaceSet>(std::move(served));
  // Last: whoever sees the new version finds the set behind a lock that is about to be free.
  version_.fetch_add(1, std::memory_order_release);
}

void ServedInterfaces::set_names(std::vector<std::string> names) {
  const std::lock_guard lock(mutex_);
  names_ = std::move(names);
  publish();
}

void ServedInterfaces::update(std::vector<net::Interface> now) {
  const std::lock_guard lock(mutex_);
  all_ = std::move(now);
  publish();
}

const InterfaceSet& ServedInterfaces::View::now() {
  if (of_->version_.load(std::memory_order_acquire) != seen_) {
    const std::lock_guard lock(of_->mutex_);
    seen_ = of_->version_.load(std::memory_order_relaxed);
    set_ = of_->set_;
  }
  return *set_;
}

std::shared_ptr<const InterfaceSet> ServedInterfaces::now() const {
  const std::lock_guard lock(mutex_);
  return set_;
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
