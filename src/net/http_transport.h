// SPDX-License-Identifier: GPL-3.0-or-later
// The way to one HTTP client, as its conversation sees it: octets in, octets and parts of
// files out, nothing waits. Plain TCP here, TLS in http_tls.h, a script in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace net {

// What one call moved. Blocked: nothing moved, and the loop will tell when to try again.
struct HttpMoved {
  enum class How : std::uint8_t { some, blocked, ended };
  How how = How::some;
  std::size_t size = 0;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual HttpMoved receive(std::span<char> into) = 0;
  // What was not sent must be offered again, unchanged. `more`: not the end of a response, so
  // it may wait for what follows.
  virtual HttpMoved send(std::string_view bytes, bool more) = 0;
  // Of size 0: the file is shorter than it was.
  virtual HttpMoved send_file(int fd, std::uint64_t offset, std::size_t length, bool more) = 0;
  // Nothing more will be sent.
  virtual void finish() = 0;
  // Octets that were sent and that the client has not acknowledged.
  [[nodiscard]] virtual std::size_t unacknowledged() const = 0;
  // Descriptors that came beside the octets of the last receive().
  virtual std::vector<base::Fd> take_files() { return {}; }
};

// Keeps what does not fill a packet from leaving while a file is being sent. Without it each
// acknowledgement that comes in between sends what there is, in packets that cost as much as
// full ones: up to twice the time for a gigabyte.
class Cork {
 public:
  void put(int socket) { set(socket, true); }
  void pull(int socket) { set(socket, false); }

 private:
  void set(int socket, bool in);
  bool in_ = false;
};

class TcpTransport : public HttpTransport {
 public:
  explicit TcpTransport(base::Fd socket) : socket_(std::move(socket)) {}
  HttpMoved receive(std::span<char> into) override;
  HttpMoved send(std::string_view bytes, bool more) override;
  HttpMoved send_file(int fd, std::uint64_t offset, std::size_t length, bool more) override;
  void finish() override;
  [[nodiscard]] std::size_t unacknowledged() const override;

 protected:
  base::Fd socket_;

 private:
  Cork cork_;
};

// A Unix stream socket: the same calls, and open files beside the octets. The kernel never
// joins what came behind files to what came with them, so they belong to the last octet of
// their receive().
class UnixTransport final : public TcpTransport {
 public:
  using TcpTransport::TcpTransport;
  // Files that could not be taken, for want of descriptors, end the connection.
  HttpMoved receive(std::span<char> into) override;
  std::vector<base::Fd> take_files() override { return std::exchange(files_, {}); }

 private:
  std::vector<base::Fd> files_;
};

// Of a TCP socket.
std::size_t unacknowledged_octets(int socket);

}  // namespace net
