// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/udp.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <memory>
#include <random>

#include "net/socket_address.h"

namespace net {
namespace {

base::Status set_option(int fd, int level, int name, int value, std::string_view what) {
  if (setsockopt(fd, level, name, &value, sizeof value) < 0) return base::fail_errno(what, errno);
  return {};
}

int get_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

base::Result<Fd> open_udp(base::IpFamily family) {
  const bool v4 = family == base::IpFamily::v4;
  Fd fd(socket(to_af(family), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open())
    return base::fail_errno(fmt::format("open a UDP socket for {}", v4 ? "IPv4" : "IPv6"), errno);
  // Block sizes are checked against the path's MTU where they are granted. Beyond that a
  // fragmented datagram serves a machine better than one that is refused here: boot ROMs do
  // not look for the MTU themselves.
  base::Status set =
      v4 ? set_option(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, "allow fragments")
         : set_option(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT, "allow fragments");
  // A socket for each family: IPv4's way through the stack stays what it is.
  if (set && !v4) set = set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "leave IPv4 alone");
  if (!set) return tl::unexpected(set.error());
  return fd;
}

int bind_fd(int fd, const base::Endpoint& local) {
  const SocketAddress address(local);
  return ::bind(fd, address.get(), address.size()) < 0 ? errno : 0;
}

// From a random place in the range on, so that a transfer's port is not to be guessed.
base::Result<std::uint16_t> bind_in_range(int fd, base::Endpoint local, PortRange ports) {
  if (ports.first == 0 || ports.last < ports.first) {
    return base::fail("{}-{} is no range of ports", ports.first, ports.last);
  }
  thread_local std::minstd_rand random{std::random_device{}()};
  const unsigned count = ports.last - ports.first + 1u;
  const unsigned start = static_cast<unsigned>(random());
  for (unsigned i = 0; i < count; ++i) {
    local.port = static_cast<std::uint16_t>(ports.first + (start + i) % count);
    const int error = bind_fd(fd, local);
    if (error == 0) return local.port;
    if (error != EADDRINUSE) return base::fail_errno(fmt::format("bind {}", local.print()), error);
  }
  return base::fail("all UDP ports from {} to {} are in use", ports.first, ports.last);
}

constexpr std::size_t batch_size = 32;

// Storage of recvmmsg(), one per thread: 128 kB that no socket has to own.
struct Batch {
  struct Slot {
    std::array<std::uint8_t, UdpSocket::max_datagram> bytes;
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> control;
    SocketAddress from;
    iovec part;
  };
  std::array<Slot, batch_size> slots;
  std::array<mmsghdr, batch_size> messages;
  bool busy = false;

  Batch() {
    for (std::size_t i = 0; i < batch_size; ++i) prepare(i);
  }
  // The kernel overwrites the lengths, so each used slot must be made ready again.
  void prepare(std::size_t i) {
    Slot& slot = slots[i];
    slot.part = {slot.bytes.data(), slot.bytes.size()};
    messages[i] = {};
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = slot.from.get();
    header.msg_namelen = SocketAddress::capacity;
    header.msg_iov = &slot.part;
    header.msg_iovlen = 1;
    header.msg_control = slot.control.data();
    header.msg_controllen = slot.control.size();
  }
  [[nodiscard]] Datagram datagram(std::size_t i) {
    const mmsghdr& message = messages[i];
    Datagram result;
    result.bytes = base::ByteView(slots[i].bytes).first(message.msg_len);
    result.from = slots[i].from.endpoint();
    result.truncated = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    auto* header = const_cast<msghdr*>(&message.msg_hdr);
    for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
      if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(c), sizeof info);
        result.to = from_in_addr(info.ipi_addr);
        result.local = from_in_addr(info.ipi_spec_dst);
        result.interface = static_cast<unsigned>(info.ipi_ifindex);
      } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo info;
        std::memcpy(&info, CMSG_DATA(c), sizeof info);
        result.to = from_in6_addr(info.ipi6_addr);
        result.local = result.to.is_multicast_v6() ? base::Ip::any(base::IpFamily::v6) : result.to;
        result.interface = info.ipi6_ifindex;
      }
    }
    return result;
  }
};

Batch& this_threads_batch() {
  thread_local const std::unique_ptr<Batch> batch = std::make_unique<Batch>();
  return *batch;
}

}  // namespace

base::Result<UdpSocket> UdpSocket::bind(base::Endpoint local, const UdpOptions& options) {
  auto fd = open_udp(local.address.family());
  if (!fd) return tl::unexpected(fd.error());
  const int raw = fd->get();
  const bool v4 = local.address.is_v4();
  base::Status set = set_option(raw, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1,
                                "ask for arrival interfaces");
  if (set && options.broadcast) set = set_option(raw, SOL_SOCKET, SO_BROADCAST, 1, "allow broadcasts");
  if (set && options.reuse_address) set = set_option(raw, SOL_SOCKET, SO_REUSEADDR, 1, "share the port");
  if (set && options.reuse_port) set = set_option(raw, SOL_SOCKET, SO_REUSEPORT, 1, "share the port");
  if (!set) return tl::unexpected(set.error());
  // Beyond net.core.rmem_max only with CAP_NET_ADMIN; the rest is best effort.
  if (!set_option(raw, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer, "")) {
    static_cast<void>(set_option(raw, SOL_SOCKET, SO_RCVBUF, options.receive_buffer, ""));
  }
  if (const int error = bind_fd(raw, local); error != 0) {
    return tl::unexpected(bind_error(Protocol::udp, local, error, options.service));
  }
  UdpSocket result;
  result.fd_ = std::move(*fd);
  return result;
}

base::Result<UdpSocket> UdpSocket::connect(base::Endpoint local, base::Endpoint peer, unsigned interface,
                                           std::optional<PortRange> ports) {
  auto fd = open_udp(peer.address.family());
  if (!fd) return tl::unexpected(fd.error());
  const int raw = fd->get();
  if (local.address.is_link_local() && local.scope == 0) local.scope = peer.scope;
  if (interface != 0) {
    if (auto set = set_option(raw, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(interface),
                              "bind to the interface");
        !set) {
      return tl::unexpected(set.error());
    }
  }
  if (ports && local.port == 0) {
    const auto port = bind_in_range(raw, local, *ports);
    if (!port) return tl::unexpected(port.error());
  } else if (const int error = bind_fd(raw, local); error != 0) {
    return tl::unexpected(bind_error(Protocol::udp, local, error, {}));
  }
  const SocketAddress address(peer);
  if (::connect(raw, address.get(), address.size()) < 0) {
    return base::fail_errno(fmt::format("reach {}", peer.print()), errno);
  }
  UdpSocket result;
  result.fd_ = std::move(*fd);
  return result;
}

std::size_t UdpSocket::receive(const std::function<void(const Datagram&)>& handle) {
  Batch& batch = this_threads_batch();
  BOOTFERRY_CHECK(!batch.busy);
  int got = 0;
  do {
    got = recvmmsg(fd(), batch.messages.data(), batch_size, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  last_error_ = got < 0 && errno != EAGAIN ? errno : 0;
  if (got <= 0) return 0;
  const auto count = static_cast<std::size_t>(got);
  batch.busy = true;
  for (std::size_t i = 0; i < count; ++i) handle(batch.datagram(i));  // *this may be gone from here on
  for (std::size_t i = 0; i < count; ++i) batch.prepare(i);
  batch.busy = false;
  return count;
}

std::optional<std::size_t> UdpSocket::receive_one(std::span<std::uint8_t> buffer) {
  ssize_t got = 0;
  do {
    got = recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  last_error_ = got < 0 && errno != EAGAIN ? errno : 0;
  if (got < 0) return std::nullopt;
  return static_cast<std::size_t>(got);
}

bool UdpSocket::send_parts(std::span<const iovec> parts, std::size_t segment, const Route& route) {
  SocketAddress address;
  ControlRoom control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  if (route.to.port != 0) {
    address = SocketAddress(route.to);
    message.msg_name = address.get();
    message.msg_namelen = address.size();
    if (!route.local.is_zero() || route.interface != 0) {
      control.add_source(route.to.address, route.local, route.interface);
    }
  }
  if (segment != 0) control.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment));
  control.put_into(message);
  const ssize_t sent = sendmsg(fd(), &message, MSG_NOSIGNAL);
  last_error_ = sent < 0 ? errno : 0;
  return sent >= 0;
}

base::Status UdpSocket::send(base::ByteView bytes, const base::Endpoint& to, const base::Ip& local,
                             unsigned interface) {
  const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  if (send_parts({&part, 1}, 0, {to, local, interface})) return {};
  return base::fail_errno(fmt::format("send to {}", to.print()), last_error_);
}

base::Status UdpSocket::send(base::ByteView bytes) {
  const iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  if (send_parts({&part, 1})) return {};
  return base::fail_errno("send to the peer", last_error_);
}

std::uint64_t UdpSocket::kernel_drops() const {
  // The counter behind SO_RXQ_OVFL, which itself tells only as of the latest datagram that
  // got through: after a burst the last drops would stay unseen.
  std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
  socklen_t size = sizeof values;
  return getsockopt(fd(), SOL_SOCKET, SO_MEMINFO, values.data(), &size) == 0 ? values[SK_MEMINFO_DROPS] : 0;
}

int UdpSocket::receive_buffer() const { return get_option(fd(), SOL_SOCKET, SO_RCVBUF); }

std::uint16_t UdpSocket::local_port() const { return local_endpoint(fd()).port; }

base::Ip UdpSocket::local_address() const { return local_endpoint(fd()).address; }

unsigned UdpSocket::path_mtu() const {
  constexpr int unknown = 1500;
  const int family = get_option(fd(), SOL_SOCKET, SO_DOMAIN);
  const int mtu =
      family == AF_INET6 ? get_option(fd(), IPPROTO_IPV6, IPV6_MTU) : get_option(fd(), IPPROTO_IP, IP_MTU);
  return static_cast<unsigned>(mtu > 0 ? mtu : unknown);
}

bool speaks(base::IpFamily family) { return Fd(socket(to_af(family), SOCK_DGRAM | SOCK_CLOEXEC, 0)).open(); }

}  // namespace net
