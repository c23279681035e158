// SPDX-License-Identifier: GPL-3.0-or-later
// From interfaces without a link to an address: every Ethernet interface is brought up, each that
// has a link asks by DHCP (busybox's udhcpc), for ever; IPv6 addresses come by themselves.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "agent/facts.h"

namespace agent {

// All but link-local ones and the loopback's.
std::vector<InterfaceAddress> present_addresses();

class Network {
 public:
  explicit Network(std::string boot_mac) : boot_mac_(std::move(boot_mac)) {}

  // A step, some times a second, at so many seconds since the kernel began.
  void step(double now);
  [[nodiscard]] bool link() const { return !clients_.empty(); }
  // Where an address of that family is; empty: nowhere yet.
  [[nodiscard]] static std::string address_of(int family);
  // One line for people: what is waited for.
  [[nodiscard]] std::string state() const;

 private:
  struct Client {
    pid_t process = -1;
    double again_at = 0;  // when it is started the next time
    double pause = 1;     // seconds, doubled from failure to failure
  };
  bool may_ask(const std::string& interface, double now) const;

  std::string boot_mac_;
  double first_seen_ = 0;
  std::vector<std::string> interfaces_;
  std::map<std::string, Client> clients_;
};

}  // namespace agent
