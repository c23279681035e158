// SPDX-License-Identifier: GPL-3.0-or-later
// Between the kernel's socket addresses and ours, and what to say when one is taken. For
// this room only: no other room includes a socket header.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

#include "base/address.h"
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

inline sockaddr_in to_sockaddr(base::Endpoint endpoint) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(endpoint.port);
  result.sin_addr = to_in_addr(endpoint.address);
  return result;
}

inline base::Endpoint from_sockaddr(const sockaddr_in& address) {
  return {from_in_addr(address.sin_addr), ntohs(address.sin_port)};
}

// What the socket is bound to; zeros if it is not.
inline base::Endpoint local_endpoint(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) < 0) return {};
  return from_sockaddr(address);
}

// Why bind() refused, and what to do about it. `service` is what to switch off, or empty.
base::Error bind_error(Protocol protocol, base::Endpoint local, int error, std::string_view service);

}  // namespace net
