// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_transfer.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace server {

std::uint64_t TftpTransfer::acknowledged_octets() const {
  return std::min(send.acknowledged() * send.terms().blksize, send.file_size());
}

std::size_t octets_of(const TftpTransfer& transfer, const session::SendBlocks& blocks) {
  return (blocks.count - 1) * std::size_t{transfer.send.terms().blksize} +
         transfer.send.block_size(blocks.first + blocks.count - 1) +
         blocks.count * wire::tftp::data_header_size;
}

namespace {

using Header = std::array<std::uint8_t, wire::tftp::data_header_size>;

// The blocks of one system call.
struct Gathered {
  std::array<Header, net::UdpSocket::max_segments> headers;
  std::array<iovec, 2 * net::UdpSocket::max_segments> parts;
};

bool send_gathered(TftpTransfer& transfer, Gathered& room, std::uint64_t first, std::size_t count) {
  const std::uint64_t blksize = transfer.send.terms().blksize;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t block = first + i;
    wire::tftp::encode_data_header(static_cast<std::uint16_t>(block), room.headers[i]);
    room.parts[2 * i] = {room.headers[i].data(), room.headers[i].size()};
    room.parts[2 * i + 1] = transfer.source.part((block - 1) * blksize, transfer.send.block_size(block));
  }
  const std::size_t segment = count > 1 ? blksize + wire::tftp::data_header_size : 0;
  return transfer.port.send(std::span(room.parts).first(2 * count), segment);
}

// What the kernel says when it will not cut: a block above the path's MTU, or an interface
// that cannot checksum.
bool segments_refused(int error) {
  return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

}  // namespace

SendResult send_blocks(TftpTransfer& transfer, const session::SendBlocks& blocks) {
  const std::uint64_t end = blocks.first + blocks.count;
  // With the last block a client has the whole file, so look before it is out.
  if (end > transfer.send.block_count() && !transfer.source.unchanged()) return SendResult::file_changed;
  const std::size_t at_once = std::clamp<std::size_t>(
      net::UdpSocket::max_gathered / (transfer.send.terms().blksize + wire::tftp::data_header_size), 1,
      net::UdpSocket::max_segments);
  Gathered room;
  SendResult result = SendResult::sent;
  for (std::uint64_t block = blocks.first; block != end;) {
    const std::size_t count = transfer.segments ? std::min<std::size_t>(at_once, end - block) : 1;
    if (!send_gathered(transfer, room, block, count)) {
      const int error = transfer.port.socket().last_error();
      if (error == EFAULT) return SendResult::file_changed;
      if (count > 1 && segments_refused(error)) {
        transfer.segments = false;
        continue;
      }
      // A full queue or a firewall's drop is loss like any other: the timer sees to it.
      result = SendResult::lost;
    }
    block += count;
  }
  return result;
}

SendResult send_oack(TftpTransfer& transfer) {
  std::array<std::uint8_t, session::TftpGrant::max_oack> buffer;
  const iovec part{buffer.data(), transfer.grant.encode_oack(buffer)};
  return transfer.port.send({&part, 1}) ? SendResult::sent : SendResult::lost;
}

void send_error(TftpTransfer& transfer, const wire::tftp::Error& error) {
  std::array<std::uint8_t, 512> buffer;
  // A courtesy: without it the client finds out by its own time-out.
  if (const auto size = wire::tftp::encode(error, buffer)) {
    const iovec part{buffer.data(), *size};
    transfer.port.send({&part, 1});
  }
}

}  // namespace server
