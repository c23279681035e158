// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/served_interfaces.h"

#include <algorithm>

namespace server {

InterfaceSet::InterfaceSet(std::vector<net::Interface> served) : list_(std::move(served)) {
  std::ranges::sort(list_, {}, &net::Interface::index);
  for (const net::Interface& i : list_) {
    for (const base::Ipv4Net& net : i.addresses) addresses_.emplace_back(net.address, i.index);
  }
  std::ranges::sort(addresses_);
}

bool InterfaceSet::serves(unsigned index) const {
  return std::ranges::binary_search(list_, index, {}, &net::Interface::index);
}

std::string_view InterfaceSet::name_of(unsigned index) const {
  const auto found = std::ranges::lower_bound(list_, index, {}, &net::Interface::index);
  return found != list_.end() && found->index == index ? std::string_view(found->name) : std::string_view();
}

unsigned InterfaceSet::index_of(base::Ipv4 own_address) const {
  using Entry = std::pair<base::Ipv4, unsigned>;
  const auto found = std::ranges::lower_bound(addresses_, own_address, {}, &Entry::first);
  return found != addresses_.end() && found->first == own_address ? found->second : 0;
}

bool ServedInterfaces::named(const net::Interface& interface) const {
  if (names_.empty()) return !interface.loopback;
  return std::find(names_.begin(), names_.end(), interface.name) != names_.end();
}

void ServedInterfaces::publish() {
  // Without an address of its own there is nothing to answer from: asked on such a one, the
  // kernel would lend another interface's, which machines there cannot reach.
  std::vector<net::Interface> served;
  std::ranges::copy_if(all_, std::back_inserter(served),
                       [&](const net::Interface& i) { return i.up && named(i) && !i.addresses.empty(); });
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
