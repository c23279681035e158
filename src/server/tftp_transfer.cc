// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace server {

std::uint64_t TftpTransfer::acknowledged_octets() const {
  return std::min(send.acknowledged() * send.terms().blksize, send.file_size());
}

unsigned path_mtu(const net::UdpSocket& socket) {
  int mtu = 0;
  socklen_t size = sizeof mtu;
  const int failed = ::getsockopt(socket.fd(), IPPROTO_IP, IP_MTU, &mtu, &size);
  return failed != 0 || mtu <= 0 ? 1500 : static_cast<unsigned>(mtu);
}

SendResult send_blocks(TftpTransfer& transfer, const session::SendBlocks& blocks,
                       std::vector<std::uint8_t>& scratch) {
  const std::uint64_t blksize = transfer.send.terms().blksize;
  const std::uint64_t end = blocks.first + blocks.count;
  const std::uint64_t bytes = (blocks.count - 1) * blksize + transfer.send.block_size(end - 1);
  if (scratch.size() < bytes) scratch.resize(bytes);
  const std::span<std::uint8_t> window(scratch.data(), bytes);
  if (!transfer.source.read((blocks.first - 1) * blksize, window)) return SendResult::file_changed;

  SendResult result = SendResult::sent;
  std::size_t at = 0;
  for (std::uint64_t block = blocks.first; block != end; ++block) {
    std::array<std::uint8_t, wire::tftp::data_header_size> header;
    wire::tftp::encode_data_header(static_cast<std::uint16_t>(block), header);
    const std::size_t size = transfer.send.block_size(block);
    // A full queue or a firewall's drop is loss like any other: the timer sees to it.
    if (!transfer.socket.send(header, window.subspan(at, size))) result = SendResult::lost;
    at += size;
  }
  return result;
}

SendResult send_oack(TftpTransfer& transfer) {
  std::array<std::uint8_t, session::TftpGrant::max_oack> buffer;
  const std::size_t size = transfer.grant.encode_oack(buffer);
  return transfer.socket.send(base::ByteView(buffer).first(size)) ? SendResult::sent : SendResult::lost;
}

void send_error(TftpTransfer& transfer, const wire::tftp::Error& error) {
  std::array<std::uint8_t, 512> buffer;
  // A courtesy: without it the client finds out by its own time-out.
  if (const auto size = wire::tftp::encode(error, buffer)) {
    static_cast<void>(transfer.socket.send(base::ByteView(buffer).first(*size)));
  }
}

}  // namespace server
