// SPDX-License-Identifier: GPL-3.0-or-later
// How fast an interface and a network may be filled: section [limits] of the configuration.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "session/rate_limit.h"

namespace server {

struct InterfaceLimit {
  std::string name;
  std::uint64_t octets_per_second = 0;
  bool operator==(const InterfaceLimit&) const = default;
};
struct NetworkLimit {
  base::IpNet network;
  std::uint64_t octets_per_second = 0;
  bool operator==(const NetworkLimit&) const = default;
};

class TrafficLimits {
 public:
  TrafficLimits(const std::vector<InterfaceLimit>& interfaces, const std::vector<NetworkLimit>& networks);

  // What one transfer or connection waits with; used by one thread at a time. Ending it, or
  // cancel(), gives back what it had and did not use.
  class Turn {
   public:
    Turn() = default;
    ~Turn() { cancel(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    void cancel();

   private:
    friend TrafficLimits;
    session::RateLimit::Turn network_;
    session::RateLimit::Turn interface_;
    session::RateLimit* paid_ = nullptr;  // that network's limit has granted them already
    std::size_t octets_ = 0;
  };

  // The limits of one client: its interface's, and that of the narrowest network that has it.
  class Of {
   public:
    [[nodiscard]] bool none() const { return interface_ == nullptr && network_ == nullptr; }
    // As session::RateLimit::ask: not after `now`, then they may leave; else when to ask again.
    // The network first: machines on a slow wire do not stand in the interface's line for what
    // their wire would not take.
    base::Time ask(Turn& turn, std::size_t octets, base::Time now) const;

   private:
    friend TrafficLimits;
    session::RateLimit* interface_ = nullptr;
    session::RateLimit* network_ = nullptr;
  };
  // Valid as long as this. Any thread.
  [[nodiscard]] Of of(std::string_view interface, const base::Ip& client) const;
  [[nodiscard]] bool none() const { return interfaces_.empty() && networks_.empty(); }

 private:
  struct Interface {
    std::string name;
    std::unique_ptr<session::RateLimit> limit;
  };
  struct Network {
    base::IpNet network;
    std::unique_ptr<session::RateLimit> limit;
  };
  std::vector<Interface> interfaces_;
  std::vector<Network> networks_;  // the narrowest first
};

}  // namespace server
