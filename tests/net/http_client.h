// SPDX-License-Identifier: GPL-3.0-or-later
// The least HTTP client: sends what it is told, octet for octet, and reads one response.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "net/socket_address.h"

namespace net {

struct RawResponse {
  std::string head;
  std::string body;
  [[nodiscard]] unsigned status() const {
    unsigned value = 0;
    if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, value);
    return value;
  }
  // Value of a header field, empty if absent.
  [[nodiscard]] std::string field(std::string_view name) const {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : RawClient({base::Ipv4{{127, 0, 0, 1}}, port}) {}
  explicit RawClient(const base::Endpoint& server)
      : fd_(socket(to_af(server.address.family()), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress address(server);
    connected_ = connect(fd_.get(), address.get(), address.size()) == 0;
  }
  explicit RawClient(base::Fd connected) : fd_(std::move(connected)), connected_(true) {}
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_ = base::Fd(); }

  void send(std::string_view text) const {
    static_cast<void>(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  // `bodiless`: the answer to HEAD announces a length that does not follow.
  RawResponse read(bool bodiless = false) {
    RawResponse response;
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return response;
    }
    response.head = pending_.substr(0, end + 2);
    pending_.erase(0, end + 4);
    std::size_t length = 0;
    const std::string text = response.field("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (bodiless || response.status() == 304 || response.status() == 100) return response;
    while (pending_.size() < length && more()) {
    }
    response.body = pending_.substr(0, length);
    pending_.erase(0, length);
    return response;
  }
  RawResponse ask(std::string_view request_line, std::string_view fields = "") {
    send(std::string(request_line) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n");
    return read(request_line.starts_with("HEAD"));
  }
  // At this moment, whatever is left to read.
  [[nodiscard]] bool reset_or_ended() const {
    pollfd state{fd_.get(), POLLRDHUP, 0};
    return poll(&state, 1, 0) > 0;
  }
  // The server has ended the connection and nothing is left to read.
  bool at_end() { return pending_.empty() && !more(); }
  // The same, whatever was read before.
  bool ended() {
    while (more()) {
    }
    return ended_;
  }

 private:
  bool more() {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (poll(&wait, 1, 5000) <= 0) return false;
    std::array<char, 16384> buffer;
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    ended_ = size <= 0;
    if (ended_) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  base::Fd fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string pending_;
};

}  // namespace net
