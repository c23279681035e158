// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/files.h"
#include "agent/programs.h"
#include "base/fd.h"

namespace agent {
namespace {

constexpr double longest_pause = 30;
// The interface that the firmware booted from asks alone for so many seconds: a second lease from
// another network may bring a second default route.
constexpr double boot_interface_first = 20;

const std::string net = "/sys/class/net/";

void bring_up(const std::string& interface) {
  const base::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  if (!socket.open() || interface.size() >= sizeof request.ifr_name) return;
  std::memcpy(request.ifr_name, interface.c_str(), interface.size());
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP) != 0) return;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  ::ioctl(socket.get(), SIOCSIFFLAGS, &request);
}

bool has_link(const std::string& interface) { return read_text(net + interface + "/carrier") == "1"; }

int prefix_of(const sockaddr* mask, std::size_t from, std::size_t octets) {
  int bits = 0;
  if (mask == nullptr) return 0;
  const auto* const at = reinterpret_cast<const unsigned char*>(mask) + from;
  for (std::size_t i = 0; i < octets; ++i) bits += __builtin_popcount(at[i]);
  return bits;
}

struct Held {
  int family;
  InterfaceAddress where;
};

std::vector<Held> held_addresses() {
  std::vector<Held> held;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return held;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    int prefix = 0;
    const int family = one->ifa_addr->sa_family;
    if (family == AF_INET) {
      sockaddr_in address{};
      std::memcpy(&address, one->ifa_addr, sizeof address);
      ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
      prefix = prefix_of(one->ifa_netmask, offsetof(sockaddr_in, sin_addr), 4);
    } else if (family == AF_INET6) {
      sockaddr_in6 address{};
      std::memcpy(&address, one->ifa_addr, sizeof address);
      if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr)) continue;
      ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
      prefix = prefix_of(one->ifa_netmask, offsetof(sockaddr_in6, sin6_addr), 16);
    } else {
      continue;
    }
    held.push_back({family, {one->ifa_name, std::string(text.data()) + "/" + std::to_string(prefix)}});
  }
  ::freeifaddrs(first);
  return held;
}

}  // namespace

std::vector<InterfaceAddress> present_addresses() {
  std::vector<InterfaceAddress> addresses;
  for (Held& one : held_addresses()) addresses.push_back(std::move(one.where));
  return addresses;
}

std::string Network::address_of(int family) {
  for (const Held& one : held_addresses()) {
    if (one.family == family) return one.where.address + " on " + one.where.interface;
  }
  return "";
}

bool Network::may_ask(const std::string& interface, double now) const {
  if (boot_mac_.empty() || now > first_seen_ + boot_interface_first) return true;
  return read_text(net + interface + "/address") == boot_mac_;
}

void Network::step(double now) {
  interfaces_ = ethernet_interfaces("");
  if (interfaces_.empty()) return;
  if (first_seen_ == 0) first_seen_ = now;
  for (const std::string& interface : interfaces_) {
    bring_up(interface);
    if (!has_link(interface) || !may_ask(interface, now)) continue;
    Client& client = clients_[interface];
    if (client.process > 0 && has_ended(client.process)) {
      client.process = -1;
      client.again_at = now + client.pause;
      client.pause = std::min(client.pause * 2, longest_pause);
    }
    if (client.process > 0 || now < client.again_at) continue;
    // Ends when four requests stay without an answer; else it lives on and renews the lease.
    client.process =
        start_busybox({"udhcpc", "-f", "-n", "-t", "4", "-T", "3", "-i", interface, "-s", "/etc/udhcpc"});
  }
}

std::string Network::state() const {
  if (interfaces_.empty()) {
    std::string lacking;
    for (const std::string& device : pci_without_driver("", "02")) lacking += " " + device;
    return lacking.empty() ? "no network interface yet"
                           : "no network interface: this image has no driver for" + lacking;
  }
  std::string text;
  for (const std::string& interface : interfaces_) {
    text += (text.empty() ? "" : ", ") + interface + " (" + read_text(net + interface + "/address") + ") " +
            (has_link(interface) ? "waits for a lease" : "has no link");
  }
  return text;
}

}  // namespace agent
