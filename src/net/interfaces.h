// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's interfaces and their addresses, kept current by rtnetlink, and the kernel's
// neighbour table (whose MAC stands behind an address).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/loop.h"

namespace net {

struct Interface {
  unsigned index = 0;
  std::string name;
  bool up = false;  // switched on; a cable is another matter
  bool loopback = false;
  unsigned mtu = 1500;
  std::optional<base::Mac> mac;
  std::vector<base::IpNet> addresses;  // IPv4 first
  bool operator==(const Interface&) const = default;
};

// All interfaces now (blocking, one dump).
base::Result<std::vector<Interface>> list_interfaces();

// Follows changes on a loop; on_change gets the whole new list, and may end the watch.
class InterfaceWatch {
 public:
  static base::Result<std::unique_ptr<InterfaceWatch>> open(
      LoopApi& loop, std::function<void(const std::vector<Interface>&)> on_change);
  ~InterfaceWatch();
  [[nodiscard]] const std::vector<Interface>& interfaces() const;

 private:
  struct Impl;
  explicit InterfaceWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the peer is in a subnet of this interface's own addresses.
bool on_link(const std::vector<Interface>& interfaces, unsigned index, const base::Ip& peer);

// The MAC that the kernel has resolved for an address on our own wire. Without `interface`
// the route decides; peers behind a router have none.
std::optional<base::Mac> neighbour(const base::Ip& address, unsigned interface = 0);

}  // namespace net
