// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

#include "api/channel.h"

namespace api {

base::Status Caller::call(const Request& request) {
  return call(request, base::Fd(), [](const Reply&) {});
}

base::Result<std::vector<Reply>> Caller::list(const Request& request) {
  std::vector<Reply> items;
  auto status = call(request, base::Fd(), [&](Reply reply) {
    if (!std::holds_alternative<Progress>(reply)) items.push_back(std::move(reply));
  });
  if (!status) return tl::unexpected(status.error());
  return items;
}

base::Result<std::unique_ptr<Client>> Client::connect(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) return tl::unexpected(address.error());
  base::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.open()) return base::fail_errno("open a socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    switch (errno) {
      case ENOENT:
      case ECONNREFUSED:
        return base::fail(
            "control socket {}: no server runs there: start `bootferry serve`, or work on a stopped one with "
            "--state DIR",
            path);
      case EACCES:
        return base::fail("control socket {}: permission denied: be root, or a member of the socket's group",
                          path);
      default:
        return base::fail_errno(fmt::format("control socket {}", path), errno);
    }
  }
  return std::make_unique<Client>(std::move(socket));
}

base::Status Client::call(const Request& request, base::Fd file, const OnReply& on_reply) {
  // A server that refuses the connection says why and closes at once: its sentence is worth
  // more than our broken pipe, so read on after a failure to send.
  const auto sent = send_message(socket_.get(), print(request), file.get());
  while (true) {
    auto message = receive_message(socket_.get());
    if (!message) return sent ? tl::unexpected(message.error()) : sent;
    if (message->text.empty()) {
      return base::fail("the server closed the connection: its log says why");
    }
    auto reply = parse_reply(message->text);
    if (!reply) return base::fail("the server's answer is not understood: {}", reply.error().what);
    if (std::holds_alternative<Done>(*reply)) return {};
    if (auto* failed = std::get_if<Failed>(&*reply)) return base::fail("{}", failed->error);
    on_reply(std::move(*reply));
  }
}

}  // namespace api
