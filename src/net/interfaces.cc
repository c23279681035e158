// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/interfaces.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "net/netlink.h"
#include "net/socket_address.h"

namespace net {
namespace {

std::optional<Interface> read_link(base::ByteView payload) {
  const auto header = netlink_header<ifinfomsg>(payload);
  if (!header) return std::nullopt;
  Interface result;
  result.index = static_cast<unsigned>(header->ifi_index);
  result.up = (header->ifi_flags & IFF_UP) != 0;
  result.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  for (const NetlinkAttribute& a : attributes_after<ifinfomsg>(payload)) {
    if (a.type == IFLA_IFNAME) {
      const std::string_view text = base::as_text(a.value);
      result.name = text.substr(0, text.find('\0'));
    } else if (a.type == IFLA_MTU) {
      result.mtu = as_number(a).value_or(result.mtu);
    } else if (a.type == IFLA_ADDRESS && header->ifi_type == ARPHRD_ETHER) {
      result.mac = as_mac(a);
    }
  }
  return result;
}

void read_address(base::ByteView payload, std::map<unsigned, Interface>& interfaces) {
  const auto header = netlink_header<ifaddrmsg>(payload);
  if (!header) return;
  const auto owner = interfaces.find(header->ifa_index);
  if (owner == interfaces.end()) return;
  // IFA_ADDRESS is the far end on point-to-point links; IPv6 has nothing else on others.
  std::optional<base::Ip> address, far;
  for (const NetlinkAttribute& a : attributes_after<ifaddrmsg>(payload)) {
    if (a.type == IFA_LOCAL) address = as_ip(a);
    if (a.type == IFA_ADDRESS) far = as_ip(a);
  }
  if (!address && header->ifa_family == AF_INET6) address = far;
  if (address) owner->second.addresses.push_back({*address, header->ifa_prefixlen});
}

base::Result<std::vector<Interface>> dump() {
  std::map<unsigned, Interface> found;  // by index, so that equal states make equal lists
  base::Status asked = NetlinkRequest(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}).ask([&](const NetlinkMessage& m) {
    if (m.type != RTM_NEWLINK) return;
    if (auto link = read_link(m.payload)) found[link->index] = std::move(*link);
  });
  if (asked) {
    asked = NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}).ask([&](const NetlinkMessage& m) {
      if (m.type == RTM_NEWADDR) read_address(m.payload, found);
    });
  }
  if (!asked) return tl::unexpected(asked.error());
  std::vector<Interface> result;
  for (auto& [index, interface] : found) {
    auto& addresses = interface.addresses;
    std::stable_partition(addresses.begin(), addresses.end(),
                          [](const base::IpNet& net) { return net.address.is_v4(); });
    result.push_back(std::move(interface));
  }
  return result;
}

// As netlink has it.
base::ByteView octets_of(const base::Ip& address) {
  return address.is_v4() ? base::ByteView(address.octets).last(4) : base::ByteView(address.octets);
}

struct Hop {
  unsigned interface = 0;
  bool gateway = false;
};

// How the kernel would send to the address.
std::optional<Hop> route_to(const base::Ip& address) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(to_af(address.family()));
  header.rtm_dst_len = address.is_v4() ? 32 : 128;
  std::optional<Hop> hop;
  const auto take = [&](const NetlinkMessage& m) {
    if (m.type != RTM_NEWROUTE) return;
    Hop found;
    for (const NetlinkAttribute& a : attributes_after<rtmsg>(m.payload)) {
      if (a.type == RTA_OIF) found.interface = as_number(a).value_or(0);
      if (a.type == RTA_GATEWAY || a.type == RTA_VIA) found.gateway = true;
    }
    hop = found;
  };
  if (!NetlinkRequest(RTM_GETROUTE, 0, header).attribute(RTA_DST, octets_of(address)).ask(take))
    return std::nullopt;
  return hop;
}

}  // namespace

base::Result<std::vector<Interface>> list_interfaces() {
  auto result = dump();
  // A table that changes while it is read is read again; interfaces do not come and go
  // faster than that for long.
  for (int again = 0; again < 10 && !result; ++again) result = dump();
  return result;
}

bool on_link(const std::vector<Interface>& interfaces, unsigned index, const base::Ip& peer) {
  for (const Interface& i : interfaces) {
    if (i.index != index) continue;
    return std::any_of(i.addresses.begin(), i.addresses.end(),
                       [&](const base::IpNet& net) { return net.contains(peer); });
  }
  return false;
}

struct InterfaceWatch::Impl {
  LoopApi& loop;
  std::function<void(const std::vector<Interface>&)> on_change;
  Fd fd;
  std::vector<Interface> interfaces;
  bool watched = false;
  TimerId retry = 0;

  ~Impl() {
    loop.cancel(retry);
    if (watched) loop.unwatch(fd.get());
  }
  void read_again();
};

InterfaceWatch::InterfaceWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InterfaceWatch::~InterfaceWatch() = default;
const std::vector<Interface>& InterfaceWatch::interfaces() const { return impl_->interfaces; }

base::Result<std::unique_ptr<InterfaceWatch>> InterfaceWatch::open(
    LoopApi& loop, std::function<void(const std::vector<Interface>&)> on_change) {
  // Listening starts before the first reading, so that no change falls between the two.
  auto fd = open_netlink(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
  if (!fd) return tl::unexpected(fd.error());
  auto list = list_interfaces();
  if (!list) return tl::unexpected(list.error());
  std::unique_ptr<Impl> impl(new Impl{loop, std::move(on_change), std::move(*fd), std::move(*list)});
  if (auto status = loop.watch(impl->fd.get(), [raw = impl.get()] { raw->read_again(); }); !status) {
    return tl::unexpected(status.error());
  }
  impl->watched = true;
  return std::unique_ptr<InterfaceWatch>(new InterfaceWatch(std::move(impl)));
}

void InterfaceWatch::Impl::read_again() {
  // Notices only tell that something changed; the state is read whole. That makes a lost
  // notice (ENOBUFS after a burst) the same case as any other.
  std::array<std::uint8_t, 8192> ignored;
  ssize_t size = 0;
  do {
    size = recv(fd.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
  } while (size >= 0 || errno == ENOBUFS || errno == EINTR);
  auto list = list_interfaces();
  if (!list) {  // no further notice may come for this change
    loop.cancel(retry);
    retry = loop.call_at(loop.now() + std::chrono::seconds(1), [this] { read_again(); });
    return;
  }
  if (*list == interfaces) return;
  interfaces = *list;
  const auto call = on_change;  // which may end this watch
  call(*list);
}

std::optional<base::Mac> neighbour(const base::Ip& address, unsigned interface) {
  if (interface == 0) {
    const auto hop = route_to(address);
    // Behind a router the entry would be the router's.
    if (!hop || hop->gateway) return std::nullopt;
    interface = hop->interface;
  }
  ndmsg header{};
  header.ndm_family = static_cast<std::uint8_t>(to_af(address.family()));
  header.ndm_ifindex = static_cast<int>(interface);
  std::optional<base::Mac> mac;
  const auto take = [&](const NetlinkMessage& m) {
    const auto entry = netlink_header<ndmsg>(m.payload);
    constexpr unsigned known = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
    if (m.type != RTM_NEWNEIGH || !entry || (entry->ndm_state & known) == 0) return;
    for (const NetlinkAttribute& a : attributes_after<ndmsg>(m.payload)) {
      if (a.type == NDA_LLADDR) mac = as_mac(a);
    }
  };
  // Refused when there is no entry.
  if (!NetlinkRequest(RTM_GETNEIGH, 0, header).attribute(NDA_DST, octets_of(address)).ask(take))
    return std::nullopt;
  return mac;
}

}  // namespace net
