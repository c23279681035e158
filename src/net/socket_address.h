// SPDX-License-Identifier: GPL-3.0-or-later
// Between the kernel's socket addresses and ours, and what to say when one is taken. For
// this room only: no other room includes a socket header.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"
#include "net/udp.h"

namespace net {

inline in_addr to_in_addr(base::Ipv4 address) {
  in_addr result;
  std::memcpy(&result, address.octets.data(), sizeof result);
  return result;
}

inline base::Ipv4 from_in_addr(in_addr address) {
  base::Ipv4 result;
  std::memcpy(result.octets.data(), &address, sizeof address);
  return result;
}

inline in6_addr to_in6_addr(const base::Ip& address) {
  in6_addr result;
  std::memcpy(&result, address.octets.data(), sizeof result);
  return result;
}

inline base::Ip from_in6_addr(const in6_addr& address) {
  base::Ip result;
  std::memcpy(result.octets.data(), &address, sizeof address);
  return result;
}

inline int to_af(base::IpFamily family) { return family == base::IpFamily::v4 ? AF_INET : AF_INET6; }

// A sockaddr of the family that it is for, as the kernel takes it and fills it.
class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const base::Endpoint& endpoint) {
    if (endpoint.address.is_v4()) {
      v4_ = {};
      v4_.sin_family = AF_INET;
      v4_.sin_port = htons(endpoint.port);
      v4_.sin_addr = to_in_addr(endpoint.address.as_v4());
    } else {
      v6_.sin6_family = AF_INET6;
      v6_.sin6_port = htons(endpoint.port);
      v6_.sin6_addr = to_in6_addr(endpoint.address);
      v6_.sin6_scope_id = endpoint.scope;
    }
  }
  // Zeros if it is of neither family.
  [[nodiscard]] base::Endpoint endpoint() const {
    if (any_.sa_family == AF_INET) return {from_in_addr(v4_.sin_addr), ntohs(v4_.sin_port)};
    if (any_.sa_family != AF_INET6) return {};
    const base::Ip address = from_in6_addr(v6_.sin6_addr);
    return {address, ntohs(v6_.sin6_port), address.is_link_local() ? v6_.sin6_scope_id : 0};
  }
  [[nodiscard]] sockaddr* get() { return &any_; }
  [[nodiscard]] const sockaddr* get() const { return &any_; }
  [[nodiscard]] socklen_t size() const { return any_.sa_family == AF_INET ? sizeof v4_ : sizeof v6_; }
  static constexpr socklen_t capacity = sizeof(sockaddr_in6);

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_{};
  };
};

// Of an address that a library hands over.
inline base::Endpoint endpoint_at(const sockaddr* address) {
  SocketAddress copy;
  const bool v4 = address->sa_family == AF_INET;
  if (!v4 && address->sa_family != AF_INET6) return {};
  std::memcpy(copy.get(), address, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return copy.endpoint();
}

// Control messages of one sendmsg(), one behind the other.
class ControlRoom {
 public:
  template <class Value>
  void add(int level, int type, const Value& value) {
    static_assert(sizeof value <= sizeof(in6_pktinfo));
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(octets_.data() + used_, &header, sizeof header);
    std::memcpy(octets_.data() + used_ + CMSG_LEN(0), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  // The source address and the interface of a datagram on its way out; zero: the kernel's choice.
  void add_source(const base::Ip& to, const base::Ip& local, unsigned interface) {
    if (to.is_v4()) {
      in_pktinfo info{};
      info.ipi_ifindex = static_cast<int>(interface);
      info.ipi_spec_dst = to_in_addr(local.as_v4());
      add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      info.ipi6_ifindex = interface;
      if (!local.is_v4()) info.ipi6_addr = to_in6_addr(local);
      add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  void put_into(msghdr& message) {
    message.msg_control = used_ > 0 ? octets_.data() : nullptr;
    message.msg_controllen = used_;
  }

 private:
  alignas(cmsghdr)
      std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t))> octets_{};
  std::size_t used_ = 0;
};

// What the socket is bound to; zeros if it is not.
inline base::Endpoint local_endpoint(int fd) {
  SocketAddress address;
  socklen_t size = SocketAddress::capacity;
  if (getsockname(fd, address.get(), &size) < 0) return {};
  return address.endpoint();
}

// Why bind() refused, and what to do about it. `service` is what to switch off, or empty.
base::Error bind_error(Protocol protocol, const base::Endpoint& local, int error, std::string_view service);

}  // namespace net
