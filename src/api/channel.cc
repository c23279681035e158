// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/channel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "api/messages.h"

namespace api {
namespace {

ssize_t send_once(int socket, std::string_view text, int file, int flags) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (file >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* beside = CMSG_FIRSTHDR(&header);
    beside->cmsg_level = SOL_SOCKET;
    beside->cmsg_type = SCM_RIGHTS;
    beside->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(beside), &file, sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | flags);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

void collect_files(msghdr& header, std::vector<base::Fd>& out) {
  for (cmsghdr* beside = CMSG_FIRSTHDR(&header); beside != nullptr; beside = CMSG_NXTHDR(&header, beside)) {
    if (beside->cmsg_level != SOL_SOCKET || beside->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (beside->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(beside) + i * sizeof(int), sizeof(int));
      out.emplace_back(fd);
    }
  }
}

}  // namespace

base::Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return base::fail("control socket {}: a path of 1 to {} characters is needed", path,
                      sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

base::Status send_message(int socket, std::string_view text, int file) {
  if (text.size() > max_message) return base::fail("a message of {} octets is too long", text.size());
  if (send_once(socket, text, file, 0) < 0) return base::fail_errno("send to the control socket", errno);
  return {};
}

bool try_send_message(int socket, std::string_view text) {
  return text.size() <= max_message && send_once(socket, text, -1, MSG_DONTWAIT) >= 0;
}

base::Result<Message> receive_message(int socket) {
  Message message;
  message.text.resize(max_message);
  iovec part{message.text.data(), message.text.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  // Whoever passes more files than fit has them closed by the kernel, and MSG_CTRUNC tells.
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_message_files)> control{};
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return base::fail_errno("receive from the control socket", errno);
  collect_files(header, message.files);
  if ((header.msg_flags & MSG_TRUNC) != 0)
    return base::fail("a message is longer than {} octets", max_message);
  if ((header.msg_flags & MSG_CTRUNC) != 0 || message.files.size() > max_message_files) {
    return base::fail("more than {} file beside one message, or too many files open here", max_message_files);
  }
  message.text.resize(static_cast<std::size_t>(got));
  return message;
}

}  // namespace api
