// SPDX-License-Identifier: GPL-3.0-or-later
// One transfer with its port: what session::TftpSend decides, put on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/loop.h"
#include "net/udp.h"
#include "server/tftp_service.h"
#include "server/tftp_source.h"
#include "session/tftp_negotiate.h"
#include "session/tftp_send.h"

namespace server {

using TransferId = std::uint64_t;

struct TftpTransfer {
  TransferId id = 0;
  base::Endpoint client;
  base::Ipv4 local;
  unsigned interface = 0;
  std::string filename;
  std::size_t request_hash = 0;           // of the whole datagram: is a second one the same request?
  std::optional<TransferId> predecessor;  // from the same client port; ends once this one progresses

  net::UdpSocket socket;
  TftpSource source;
  session::TftpGrant grant;
  session::TftpSend send;

  base::Time started_at{};
  unsigned refused = 0;  // ICMP port unreachable, in a row
  net::TimerId timer = 0;
  base::Time timer_at = base::Time::max();

  [[nodiscard]] std::uint64_t acknowledged_octets() const;
};

// The kernel's idea of the path to the peer of a connected socket.
unsigned path_mtu(const net::UdpSocket& socket);

enum class SendResult : std::uint8_t { sent, lost, file_changed };

// The one place where blocks meet the wire: reads a window's bytes once and sends each block
// behind its header. `scratch` is shared by all transfers of a loop.
SendResult send_blocks(TftpTransfer& transfer, const session::SendBlocks& blocks,
                       std::vector<std::uint8_t>& scratch);
SendResult send_oack(TftpTransfer& transfer);
void send_error(TftpTransfer& transfer, const wire::tftp::Error& error);

}  // namespace server
