// SPDX-License-Identifier: GPL-3.0-or-later
// The TFTP service with real sockets on loopback and a real loop; the clients are sockets
// of the test, driven one datagram at a time.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/socket_address.h"
#include "server/tftp_service.h"

namespace tftp_test {

inline constexpr base::Ipv4 loopback{{127, 0, 0, 1}};

struct Reply {
  std::string bytes;
  std::uint16_t port = 0;  // the TID
  base::Endpoint from{};
  [[nodiscard]] int opcode() const { return bytes.size() < 2 ? 0 : bytes[1]; }
  [[nodiscard]] int number() const {
    return bytes.size() < 4
               ? -1
               : (static_cast<unsigned char>(bytes[2]) << 8) | static_cast<unsigned char>(bytes[3]);
  }
  [[nodiscard]] std::string payload() const { return bytes.substr(4); }
};

inline std::string two(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
inline std::string rrq(const std::string& name, const std::vector<std::string>& options = {},
                       unsigned opcode = 1, const std::string& mode = "octet") {
  std::string bytes = two(opcode) + name + '\0' + mode + '\0';
  for (const auto& text : options) bytes += text + '\0';
  return bytes;
}
inline std::string ack(unsigned block) { return two(4) + two(block & 0xffff); }
inline std::string error(unsigned code) { return two(5) + two(code) + "User aborted the transfer" + '\0'; }

// A client's socket. Owns its port for the whole test, as a ROM does.
class ClientSocket {
 public:
  explicit ClientSocket(const base::Endpoint& own = {loopback, 0}) : ClientSocket(own, own) {}
  ClientSocket(const base::Endpoint& own, const base::Endpoint& server)
      : server_(server),
        fd_(::socket(net::to_af(own.address.family()), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const net::SocketAddress address(own);
    EXPECT_EQ(::bind(fd_, address.get(), address.size()), 0);
  }
  ClientSocket(const ClientSocket&) = delete;
  ~ClientSocket() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void send(const std::string& bytes, std::uint16_t port) const {
    const net::SocketAddress to({server_.address, port, server_.scope});
    ::sendto(fd_, bytes.data(), bytes.size(), 0, to.get(), to.size());
  }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::optional<Reply> receive() const {
    Reply reply{.bytes = std::string(70'000, '\0')};
    net::SocketAddress from;
    socklen_t size = net::SocketAddress::capacity;
    const ssize_t got = ::recvfrom(fd_, reply.bytes.data(), reply.bytes.size(), 0, from.get(), &size);
    if (got < 0) return std::nullopt;
    reply.bytes.resize(static_cast<std::size_t>(got));
    reply.from = from.endpoint();
    reply.port = reply.from.port;
    return reply;
  }

 private:
  base::Endpoint server_;
  int fd_;
};

class Service : public testing::Test {
 protected:
  Service()
      : directory_(std::filesystem::temp_directory_path() /
                   ("tftp_service_test." + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
    options_.listen = {loopback};
    options_.port = 0;
  }
  ~Service() override {
    service_.reset();
    std::filesystem::remove_all(directory_);
  }

  void open() {
    loop_ = std::move(*net::Loop::open());
    clients_ = std::make_unique<server::TftpClients>(8192, max_per_address_);
    auto service = server::TftpService::open(
        *loop_, options_, *clients_,
        {[this](const server::TftpRequestFacts& facts) -> server::TftpAnswer {
           const auto it = names_.find(std::string(facts.filename));
           return it == names_.end() ? server::TftpAnswer{server::TftpMissing{}} : it->second;
         },
         [this](const server::TftpEvent& event) {
           if (event.kind == server::TftpEventKind::started) return;
           events_.push_back(event);
           events_.back().detail = {};
           events_.back().request.filename = {};
         }});
    ASSERT_TRUE(service) << service.error().what;
    service_ = std::move(*service);
  }

  // Runs the loop until what was sent has been dealt with.
  void settle(base::Duration time = std::chrono::milliseconds(5)) {
    loop_->call_at(base::Clock::now() + time, [this] { loop_->stop(); });
    loop_->run();
  }
  // The first answer. On a busy machine the timer may have sent the one before once more.
  std::optional<Reply> ask(const ClientSocket& client, const std::string& bytes, std::uint16_t port = 0) {
    while (client.receive()) {
    }
    client.send(bytes, port == 0 ? service_->port() : port);
    settle();
    return client.receive();
  }
  std::string file(const std::string& name, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
    names_[name] = server::TftpFileOnDisk{directory_ / name};
    return bytes;
  }
  [[nodiscard]] std::vector<server::TftpReason> reasons() const {
    std::vector<server::TftpReason> out;
    for (const auto& event : events_) out.push_back(event.reason);
    return out;
  }

  std::filesystem::path directory_;
  server::TftpOptions options_;
  std::map<std::string, server::TftpAnswer> names_;
  unsigned max_per_address_ = 64;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<server::TftpClients> clients_;
  std::unique_ptr<server::TftpService> service_;
  std::vector<server::TftpEvent> events_;
  ClientSocket client_;
};

}  // namespace tftp_test
