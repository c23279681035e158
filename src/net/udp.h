// SPDX-License-Identifier: GPL-3.0-or-later
// UDP sockets as a boot server needs them: which interface and which of our addresses a
// datagram came to, answers from that same address, batches on receive, kernel drops seen.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"

namespace net {

using base::Fd;

struct Datagram {
  base::ByteView bytes;  // valid until this thread receives again
  base::Endpoint from;
  // Of bound sockets only; zero where the socket is connected.
  base::Ip to;             // the destination in the IP header: ours, a broadcast or a group
  base::Ip local;          // the address to answer from (IP_PKTINFO's spec_dst); zero for an IPv6 group
  unsigned interface = 0;  // index of the arrival interface
  bool truncated = false;  // it was longer than `bytes` shows (UdpSocket::max_datagram)
};

struct UdpOptions {
  bool broadcast = false;      // may send to 255.255.255.255
  bool reuse_address = false;  // beside another program on the port (its choice too)
  // One of several sockets of this program on the port (SO_REUSEPORT), a loop each. The
  // kernel chooses by the client's address and port, so that a client stays with one loop.
  bool reuse_port = false;
  int receive_buffer = 4 << 20;  // bursts of a thousand requests must fit; best effort
  std::string service;           // what to switch off when the port is taken: "tftp"
};

// Local ports for transfers, both ends included: the hole in somebody's firewall.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

// Where a datagram goes and what it comes from. All zero on a connected socket.
struct Route {
  base::Endpoint to;
  base::Ip local;
  unsigned interface = 0;
};

class UdpSocket {
 public:
  static constexpr std::size_t max_datagram = 4096;
  // What one send_parts() takes: the kernel's bounds on segments and on a datagram.
  static constexpr std::size_t max_segments = 64;
  static constexpr std::size_t max_gathered = 65507;

  // The address says of which family; 0.0.0.0 or :: for all of that family, never of both.
  // Error names the port and, when taken, the process that holds it.
  static base::Result<UdpSocket> bind(base::Endpoint local, const UdpOptions& options = {});
  // Connected socket for one TFTP transfer: kernel filters other senders, route is cached.
  // `interface` nails it to one wire, for hosts with two wires in one subnet; pass it only
  // when the peer is on_link() there, else 0. Port 0 of `local` takes one from `ports`, or
  // the kernel's choice.
  static base::Result<UdpSocket> connect(base::Endpoint local, base::Endpoint peer, unsigned interface,
                                         std::optional<PortRange> ports = std::nullopt);

  // Up to one batch (recvmmsg). Returns datagrams handled; ends at EAGAIN. `handle` may
  // destroy this socket but not call receive() of another one.
  std::size_t receive(const std::function<void(const Datagram&)>& handle);
  // From `local` out of `interface` (both may be zero: kernel's choice).
  base::Status send(base::ByteView bytes, const base::Endpoint& to, const base::Ip& local,
                    unsigned interface);
  // To the peer of a connected socket.
  base::Status send(base::ByteView bytes);
  // The data path. Parts that the kernel joins, so that file bytes are not copied behind
  // their headers; with `segment` they leave as datagrams of that many octets, the last maybe
  // shorter (UDP_SEGMENT): one way through the stack for a whole window. False: last_error();
  // EFAULT where a part is no longer there.
  bool send_parts(std::span<const iovec> parts, std::size_t segment = 0, const Route& route = {});
  // One datagram of a connected socket, without asking where it came from. Octets, at most
  // those of `buffer`; nullopt: none there, or last_error().
  std::optional<std::size_t> receive_one(std::span<std::uint8_t> buffer);

  // errno of the last receive() or send(), 0 if it worked. ECONNREFUSED on a connected
  // socket: an ICMP error came back, the peer's port is closed.
  [[nodiscard]] int last_error() const { return last_error_; }
  // Datagrams the kernel dropped because our buffer was full, since bind; up to date at any
  // time, and counted modulo 2^32.
  [[nodiscard]] std::uint64_t kernel_drops() const;
  [[nodiscard]] int receive_buffer() const;  // octets that the kernel granted
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint16_t local_port() const;
  // What a connected socket sends from; zero while nothing is known.
  [[nodiscard]] base::Ip local_address() const;
  // MTU of the path to the peer of a connected socket, as the kernel knows it; 1500 if unknown.
  [[nodiscard]] unsigned path_mtu() const;

 private:
  Fd fd_;
  int last_error_ = 0;
};

// Whether this host has the family at all: IPv6 may be off, or forbidden to this service.
bool speaks(base::IpFamily family);

// Who holds a local UDP or TCP port: "dnsmasq (pid 812)", or "another process" when it may
// not be seen. From /proc; slow, for error messages only.
enum class Protocol { udp, tcp };
std::string holder_of_port(Protocol protocol, std::uint16_t port);
// Whether anybody holds it (UDP: bound, TCP: listening), found without touching the port.
bool port_in_use(Protocol protocol, std::uint16_t port);

}  // namespace net
