// SPDX-License-Identifier: GPL-3.0-or-later
// Which interfaces this server serves, as they are now. Sockets are bound to all of them,
// because interfaces come and go; what arrives elsewhere is dropped by name.
//
// Every packet asks, and changes are rare: a change publishes a new immutable set, and each
// packet loop keeps the latest one that it saw in a View of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/interfaces.h"

namespace server {

// Whether it has an address that other networks can know of as well. Each interface that is
// up has a link-local one; that alone invites nobody.
bool has_own_address(const net::Interface& interface);
// Its addresses as people want to read them: link-local ones only where there are no others.
std::vector<base::IpNet> telling_addresses(const net::Interface& interface);

// The served interfaces of one moment.
class InterfaceSet {
 public:
  InterfaceSet() = default;
  explicit InterfaceSet(std::vector<net::Interface> served);

  // With an address of that family there is something to answer from: asked on an interface
  // without one, the kernel would lend another's, which machines there cannot reach.
  [[nodiscard]] bool serves(unsigned index, base::IpFamily family) const;
  // The served interface that has this address of ours; 0 if none.
  [[nodiscard]] unsigned index_of(const base::Ip& own_address) const;
  [[nodiscard]] std::string_view name_of(unsigned index) const;  // empty if it is not served
  [[nodiscard]] const std::vector<net::Interface>& list() const { return list_; }

 private:
  std::vector<net::Interface> list_;                      // by index
  std::vector<std::pair<base::Ip, unsigned>> addresses_;  // sorted
};

class ServedInterfaces {
 public:
  // `names` empty: every interface that is up, has_own_address() and is not loopback.
  explicit ServedInterfaces(std::vector<std::string> names) : names_(std::move(names)) {}

  void set_names(std::vector<std::string> names);
  void update(std::vector<net::Interface> now);

  // For one thread, which gets no lock and no allocation unless something has changed.
  class View {
   public:
    explicit View(const ServedInterfaces& of) : of_(&of) {}
    const InterfaceSet& now();  // valid until the next call

   private:
    const ServedInterfaces* of_;
    std::uint64_t seen_ = 0;
    std::shared_ptr<const InterfaceSet> set_;
  };
  // For any thread, under a lock: HTTP, status.
  [[nodiscard]] std::shared_ptr<const InterfaceSet> now() const;
  [[nodiscard]] std::vector<net::Interface> served() const { return now()->list(); }
  // Named in the configuration and not there.
  [[nodiscard]] std::vector<std::string> missing() const;

 private:
  [[nodiscard]] bool named(const net::Interface& interface) const;
  void publish();  // under the lock

  mutable std::mutex mutex_;  // for everything but version_
  std::vector<std::string> names_;
  std::vector<net::Interface> all_;
  std::shared_ptr<const InterfaceSet> set_ = std::make_shared<InterfaceSet>();
  std::atomic<std::uint64_t> version_ = 1;  // of set_; written under the lock
};

}  // namespace server
