// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <string>

#include "tftp_client.h"

namespace bench {
namespace {

// How long a windowed client that is no EDK2 keeps quiet after it complained of a gap.
constexpr Nanos quiet = 10 * millisecond;

void add_option(std::string& request, std::string_view name, std::uint64_t value) {
  request.append(name);
  request.push_back('\0');
  request += std::to_string(value);
  request.push_back('\0');
}

std::string_view next_text(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return text;
}

}  // namespace

void TftpClient::send_request(Nanos now) {
  blksize_ = 512;
  windowsize_ = 1;
  expected_ = 1;
  since_ack_ = 0;
  answer_again_at_ = 0;
  std::string request("\0\x01", 2);
  request += file_->name;
  request.push_back('\0');
  request += "octet";
  request.push_back('\0');
  if (habits_.tsize || state_ == State::probing) add_option(request, "tsize", 0);
  if (habits_.blksize != 512) add_option(request, "blksize", habits_.blksize);
  if (habits_.windowsize > 1) add_option(request, "windowsize", habits_.windowsize);
  if (habits_.timeout > 0) add_option(request, "timeout", habits_.timeout);
  if (!transmit(base::as_bytes(request))) result_.request_lost = true;
  poller_.set(retry_, now + habits_.retry);
}

void TftpClient::send_ack(Nanos now) {
  const std::uint64_t block = expected_ - 1;
  const std::array<std::uint8_t, 4> ack{0, 4, static_cast<std::uint8_t>(block >> 8),
                                        static_cast<std::uint8_t>(block)};
  if (!transmit(ack) && !first_ack_sent_) result_.first_ack_lost = true;
  first_ack_sent_ = true;
  since_ack_ = 0;
  poller_.set(retry_, now + habits_.retry);
}

void TftpClient::send_error(std::uint16_t code) {
  const std::array<std::uint8_t, 5> error{0, 5, static_cast<std::uint8_t>(code >> 8),
                                          static_cast<std::uint8_t>(code), 0};
  [[maybe_unused]] const auto sent = ::sendto(fd_.get(), error.data(), error.size(), 0,
                                              reinterpret_cast<const sockaddr*>(&tid_), sizeof tid_);
}

// From here on the kernel drops what other ports send: a second answer to a repeated request.
void TftpClient::begin_receiving() {
  [[maybe_unused]] const int connected =
      ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&tid_), sizeof tid_);
  state_ = State::receiving;
}

void TftpClient::handle(base::ByteView datagram, Nanos now) {
  const std::uint8_t opcode = datagram[1];
  if (datagram[0] != 0) return;
  if (opcode == 5) return fail(totals_.server_errors, now);
  if (state_ == State::probing) {
    if (opcode != 3 && opcode != 6) return;
    // The real thing follows from another port, as EDK2 opens a new client for it.
    send_error(8);
    close_socket();
    state_ = State::asking;
    tries_ = 0;
    open_socket();
    send_request(now);
  } else if (opcode == 3) {
    on_data(static_cast<std::uint16_t>((datagram[2] << 8) | datagram[3]), datagram.subspan(4), now);
  } else if (opcode == 6) {
    on_oack(base::as_text(datagram.subspan(2)), now);
  }
}

void TftpClient::on_oack(std::string_view options, Nanos now) {
  if (state_ == State::receiving) {
    if (expected_ == 1) send_ack(now);  // ours was lost
    return;
  }
  const bool good = take_oack(options);
  begin_receiving();
  if (!good) {
    send_error(8);
    return fail(totals_.bad_oack, now);
  }
  tries_ = 0;
  send_ack(now);
}

// Nothing that was not asked for, nothing larger than asked for (RFC 2347, 2348, 2349, 7440).
bool TftpClient::take_oack(std::string_view options) {
  while (!options.empty()) {
    const std::string_view name = next_text(options), text = next_text(options);
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return false;
    const auto is = [&](const char* known) {
      return name.size() == std::strlen(known) && ::strncasecmp(name.data(), known, name.size()) == 0;
    };
    if (is("blksize") && habits_.blksize != 512 && value >= 8 && value <= habits_.blksize) {
      blksize_ = static_cast<std::uint16_t>(value);
    } else if (is("windowsize") && value >= 1 && value <= habits_.windowsize) {
      windowsize_ = static_cast<std::uint16_t>(value);
    } else if (!(is("tsize") && (habits_.tsize || habits_.probe) && value == file_->content.size()) &&
               !(is("timeout") && value == habits_.timeout)) {
      return false;
    }
  }
  return true;
}

void TftpClient::on_data(std::uint16_t block, base::ByteView payload, Nanos now) {
  if (state_ == State::asking) {
    if (block != 1) return;
    begin_receiving();  // a server that grants no option sends the first block at once
  }
  const int distance = static_cast<std::int16_t>(block - static_cast<std::uint16_t>(expected_));
  if (distance != 0) return on_unexpected(distance, now);
  const std::uint64_t offset = (expected_ - 1) * blksize_;
  if (offset > file_->content.size()) return fail(totals_.wrong_bytes, now);
  const base::ByteView rest = file_->content.subspan(offset);
  if (!same_bytes(payload, rest.first(std::min<std::size_t>(blksize_, rest.size()))))
    return fail(totals_.wrong_bytes, now);
  totals_.bytes += payload.size();
  ++totals_.blocks;
  ++expected_;
  ++since_ack_;
  tries_ = 0;
  answer_again_at_ = 0;
  last_taken_ = payload.size() < blksize_;
  if (habits_.think > 0) {
    thinking_ = true;
    poller_.set(think_, now + habits_.think);
  } else {
    block_taken(now);
  }
}

void TftpClient::block_taken(Nanos now) {
  if (last_taken_ || since_ack_ >= windowsize_)
    send_ack(now);
  else
    poller_.set(retry_, now + habits_.retry);
  if (last_taken_) finish(true, now);
}

void TftpClient::on_unexpected(int distance, Nanos now) {
  if (distance > 0) ++totals_.unexpected;
  if (habits_.edk2 || (windowsize_ == 1 && distance < 0)) {
    send_ack(now);
  } else if (windowsize_ > 1 && now >= answer_again_at_) {
    send_ack(now);
    answer_again_at_ = now + quiet;
  }
}

}  // namespace bench
