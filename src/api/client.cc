// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "api/response.h"
#include "base/ascii.h"
#include "base/url.h"

namespace api {
namespace {

// The kernel takes 253 at a time (SCM_MAX_FD).
constexpr std::size_t files_at_once = 250;
// No request of ours takes a server so long; jobs answer at once and are asked about.
constexpr timeval patience{300, 0};

base::Result<std::size_t> send_piece(int socket, std::string_view text, std::span<const base::Fd> files) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * files_at_once)> control{};
  if (!files.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
    cmsghdr* beside = CMSG_FIRSTHDR(&header);
    beside->cmsg_level = SOL_SOCKET;
    beside->cmsg_type = SCM_RIGHTS;
    beside->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      const int fd = files[i].get();
      std::memcpy(CMSG_DATA(beside) + i * sizeof(int), &fd, sizeof(int));
    }
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return base::fail_errno("send to the server", errno);
  return static_cast<std::size_t>(sent);
}

// Files go with the first octets, a few octets each time, so that all of them are there when
// the head is.
base::Status send_all(int socket, std::string_view text, std::span<const base::Fd> files) {
  while (!text.empty()) {
    const auto now = files.first(std::min(files.size(), files_at_once));
    const bool more = now.size() < files.size();
    const auto sent = send_piece(socket, more ? text.substr(0, 1) : text, now);
    if (!sent) return tl::unexpected(sent.error());
    text.remove_prefix(*sent);
    files = files.subspan(now.size());
  }
  return {};
}

base::Status receive(int socket, Response& response) {
  std::array<char, 65536> piece;
  while (!response.whole()) {
    ssize_t got = 0;
    do {
      got = ::recv(socket, piece.data(), piece.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return base::fail("the server did not answer within {} s: its log may say why", patience.tv_sec);
    }
    if (got < 0) return base::fail_errno("receive from the server", errno);
    if (got == 0) return response.end();
    if (auto taken = response.take({piece.data(), static_cast<std::size_t>(got)}); !taken) return taken;
  }
  return {};
}

}  // namespace

std::string_view Answer::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return base::same_but_for_case(header.first, name); });
  return found == headers.end() ? std::string_view() : found->second;
}

std::string target(const Request& request) {
  std::string out = request.path;
  char mark = '?';
  for (const auto& [key, value] : request.query) {
    out += fmt::format("{}{}={}", std::exchange(mark, '&'), base::escape_url_part(key),
                       base::escape_url_part(value));
  }
  return out;
}

base::Result<base::Fd> Client::connect() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof(address.sun_path)) {
    return base::fail("socket {}: a path of 1 to {} characters is needed", path_,
                      sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path_.data(), path_.size());
  base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return base::fail_errno("open a socket", errno);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
    return socket;
  switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
      return base::fail(
          "socket {}: no server runs there: start `bootferry serve`, or work on a stopped one with "
          "--state DIR",
          path_);
    case EACCES:
      return base::fail("socket {}: permission denied: be root, or a member of the socket's group", path_);
    default:
      return base::fail_errno(fmt::format("socket {}", path_), errno);
  }
}

base::Status Client::reachable() const {
  const auto socket = connect();
  if (!socket) return tl::unexpected(socket.error());
  return {};
}

base::Result<Answer> Client::ask(Request request, const Sink& sink) {
  const auto socket = connect();
  if (!socket) return tl::unexpected(socket.error());
  // A server that refuses a body answers before it has read it all, and closes: its sentence
  // is worth more than our broken pipe, so read on after a failure to send.
  const auto sent = send_all(socket->get(), print_request(request), request.files);
  Response response(sink);
  const auto received = receive(socket->get(), response);
  if (!received && !sent) return tl::unexpected(sent.error());
  if (!received) return tl::unexpected(received.error());
  return response.answer();
}

}  // namespace api
