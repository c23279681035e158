// SPDX-License-Identifier: GPL-3.0-or-later
// One transfer with its port: what session::TftpSend decides, put on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/udp.h"
#include "server/tftp_service.h"
#include "server/tftp_source.h"
#include "server/traffic_limits.h"
#include "session/tftp_negotiate.h"
#include "session/tftp_send.h"

namespace server {

// The way to a client: a port of the transfer's own, connected to it, or the request port
// and the client's address (single-port mode).
class TftpPort {
 public:
  explicit TftpPort(net::UdpSocket own) : own_(std::move(own)) {}
  TftpPort(net::UdpSocket& shared, const net::Route& route) : shared_(&shared), route_(route) {}

  [[nodiscard]] net::UdpSocket& socket() { return shared_ == nullptr ? *own_ : *shared_; }
  [[nodiscard]] bool own() const { return shared_ == nullptr; }
  bool send(std::span<const iovec> parts, std::size_t segment = 0) {
    return socket().send_parts(parts, segment, route_);
  }

 private:
  std::optional<net::UdpSocket> own_;
  net::UdpSocket* shared_ = nullptr;
  net::Route route_;
};

struct TftpTransfer {
  base::Endpoint client;
  base::Ip local;
  unsigned interface = 0;
  bool segments = true;  // whole windows at once, until the path refuses
  std::string filename;
  std::size_t request_hash = 0;         // of the whole datagram: is a second one the same request?
  TftpTransfer* predecessor = nullptr;  // from the same client port; ends once this one progresses
  TftpTransfer* successor = nullptr;    // whose predecessor this is

  TftpPort port;
  TftpSource source;
  session::TftpGrant grant;
  session::TftpSend send;

  TrafficLimits::Of limits;
  TrafficLimits::Turn turn{};  // there
  // Under a limit: what the session has sent, as it believes, and when to ask for it again.
  std::optional<session::SendBlocks> held_back;
  base::Time held_until{};

  base::Time started_at{};
  unsigned refused = 0;  // ICMP port unreachable, in a row
  net::TimerId timer = 0;
  base::Time timer_at = base::Time::max();

  [[nodiscard]] std::uint64_t acknowledged_octets() const;
};

// Octets of these blocks, headers included.
std::size_t octets_of(const TftpTransfer& transfer, const session::SendBlocks& blocks);

enum class SendResult : std::uint8_t { sent, lost, file_changed };

// The one place where blocks meet the wire: each behind its header, straight from the file.
SendResult send_blocks(TftpTransfer& transfer, const session::SendBlocks& blocks);
SendResult send_oack(TftpTransfer& transfer);
void send_error(TftpTransfer& transfer, const wire::tftp::Error& error);

}  // namespace server
