// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_transport.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace net {
namespace {

using How = HttpMoved::How;

// Repeated where a signal came between; nothing of this process handles one for long.
template <class Call>
HttpMoved moved(Call call) {
  ssize_t size = 0;
  do {
    size = call();
  } while (size < 0 && errno == EINTR);
  if (size >= 0) return {How::some, static_cast<std::size_t>(size)};
  return {errno == EAGAIN || errno == EWOULDBLOCK ? How::blocked : How::ended};
}

}  // namespace

HttpMoved TcpTransport::receive(std::span<char> into) {
  const HttpMoved got = moved([&] { return recv(socket_.get(), into.data(), into.size(), 0); });
  return got.how == How::some && got.size == 0 ? HttpMoved{How::ended} : got;
}

HttpMoved TcpTransport::send(std::string_view bytes, bool more) {
  return moved([&] {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  });
}

HttpMoved TcpTransport::send_file(int fd, std::uint64_t offset, std::size_t length, bool more) {
  // What the kernel sends in one pass it keeps together by itself.
  constexpr std::size_t one_pass = 64 << 10;
  if (length > one_pass) cork_.put(socket_.get());
  auto at = static_cast<off_t>(offset);
  const HttpMoved sent = moved([&] { return sendfile(socket_.get(), fd, &at, length); });
  if (!more && sent.size == length) cork_.pull(socket_.get());
  return sent;
}

HttpMoved UnixTransport::receive(std::span<char> into) {
  constexpr std::size_t most_files = 253;  // of one message: the kernel's SCM_MAX_FD
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_files * sizeof(int))> room;
  iovec place{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  const HttpMoved got = moved([&] {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    return recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  });
  if (got.how != How::some) return got;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, reinterpret_cast<const char*>(c) + at, sizeof fd);
      files_.emplace_back(fd);
    }
  }
  if (got.size == 0 || (message.msg_flags & MSG_CTRUNC) != 0) return {How::ended};
  return got;
}

void TcpTransport::finish() { shutdown(socket_.get(), SHUT_WR); }

std::size_t TcpTransport::unacknowledged() const { return unacknowledged_octets(socket_.get()); }

void Cork::set(int socket, bool in) {
  if (in_ == in) return;
  in_ = in;
  const int value = in ? 1 : 0;
  setsockopt(socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

std::size_t unacknowledged_octets(int socket) {
  int waiting = 0;
  return ioctl(socket, SIOCOUTQ, &waiting) == 0 && waiting > 0 ? static_cast<std::size_t>(waiting) : 0;
}

}  // namespace net
