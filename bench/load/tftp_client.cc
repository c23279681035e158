// SPDX-License-Identifier: GPL-3.0-or-later
// The socket, the timers and the injector; tftp_protocol.cc has the conversation.
#include "tftp_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "flags.h"

namespace bench {
namespace {

constexpr std::size_t largest_datagram = 65536;
constexpr std::size_t batch_size = 32, batch_stride = 2048;

std::array<std::uint8_t, largest_datagram> one_datagram;

// For windows: one system call takes what one window brought. One thread, hence shared.
struct Batch {
  std::array<std::uint8_t, batch_size * batch_stride> bytes;
  std::array<iovec, batch_size> parts{};
  std::array<mmsghdr, batch_size> messages{};
  Batch() {
    for (std::size_t i = 0; i < batch_size; ++i) {
      parts[i] = {&bytes[i * batch_stride], batch_stride};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

}  // namespace

TftpClient::TftpClient(Poller& poller, TftpOwner& owner, TftpTotals& totals, const TftpHabits& habits,
                       const sockaddr_in& server, std::optional<sockaddr_in> local)
    : poller_(poller), owner_(owner), totals_(totals), habits_(habits), server_(server), local_(local) {
  retry_.owner = think_.owner = hold_.owner = this;
}

void TftpClient::start(const ServedFile& file, const Weather& weather, std::uint64_t transfer, Nanos now) {
  file_ = &file;
  weather_ = weather;
  out_ = Dice(weather.seed * 0x9e3779b97f4a7c15ULL + transfer * 2);
  in_ = Dice(weather.seed * 0x9e3779b97f4a7c15ULL + transfer * 2 + 1);
  result_ = {};
  began_ = now;
  tries_ = 0;
  first_ack_sent_ = last_taken_ = thinking_ = false;
  state_ = habits_.probe ? State::probing : State::asking;
  open_socket();
  send_request(now);
}

void TftpClient::open_socket() {
  fd_ = base::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_.open()) fatal_errno("socket");
  if (local_ && ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&*local_), sizeof *local_) != 0)
    fatal_errno("bind");
  if (habits_.windowsize * habits_.blksize > 32768) {
    const int size = 4 << 20;  // a whole window has to fit, whatever the kernel's default is
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  }
  ++epoch_;
  // A thinking client looks when it is done with a block, not when something has come.
  poller_.add(fd_.get(), *this, habits_.think > 0 ? EPOLLIN | EPOLLET : EPOLLIN);
}

void TftpClient::close_socket() {
  ++epoch_;
  fd_ = base::Fd();
}

void TftpClient::abort() {
  if (state_ == State::receiving) send_error(0);
  close_socket();
  state_ = State::idle;
  for (Timer* timer : {&retry_, &think_, &hold_}) poller_.set(*timer, never);
}

void TftpClient::finish(bool right, Nanos now) {
  close_socket();
  state_ = State::idle;
  held_.clear();
  for (Timer* timer : {&retry_, &think_, &hold_}) poller_.set(*timer, never);
  result_.right = right;
  result_.took = now - began_;
  ++(right ? totals_.done : totals_.failed);
  owner_.tftp_done(*this, result_, now);
}

void TftpClient::fail(std::uint64_t& counter, Nanos now) {
  ++counter;
  if (state_ == State::receiving && &counter != &totals_.server_errors) send_error(0);
  finish(false, now);
}

bool TftpClient::transmit(base::ByteView datagram) {
  if (out_.hit(weather_.loss)) {
    ++totals_.lost_by_us;
    return false;
  }
  // A full socket buffer or an ICMP error is a lost packet: the timers are there for that.
  if (state_ == State::receiving) {
    [[maybe_unused]] const auto sent = ::send(fd_.get(), datagram.data(), datagram.size(), 0);
  } else {
    [[maybe_unused]] const auto sent = ::sendto(fd_.get(), datagram.data(), datagram.size(), 0,
                                                reinterpret_cast<const sockaddr*>(&server_), sizeof server_);
  }
  return true;
}

void TftpClient::ready(std::uint32_t, Nanos now) {
  if (state_ != State::idle && !thinking_) read(now);
}

void TftpClient::read(Nanos now) {
  const unsigned epoch = epoch_;
  if (habits_.think > 0) {
    while (epoch == epoch_ && !thinking_ && receive_one(now)) {
    }
  } else if (windowsize_ == 1 || state_ != State::receiving || blksize_ + 4U > batch_stride) {
    receive_one(now);
  } else {
    receive_batch(now);
  }
}

bool TftpClient::receive_one(Nanos now) {
  ssize_t size = 0;
  if (state_ == State::receiving) {
    size = ::recv(fd_.get(), one_datagram.data(), one_datagram.size(), 0);
  } else {
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    size = ::recvfrom(fd_.get(), one_datagram.data(), one_datagram.size(), 0,
                      reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size >= 0 && from.sin_addr.s_addr != server_.sin_addr.s_addr) return true;
    if (size >= 0) tid_ = from;
  }
  if (size < 0) return errno == ECONNREFUSED;  // the error is taken: there may be datagrams behind it
  arrived({one_datagram.data(), static_cast<std::size_t>(size)}, now);
  return true;
}

void TftpClient::receive_batch(Nanos now) {
  static Batch batch;
  const int count = ::recvmmsg(fd_.get(), batch.messages.data(), batch_size, MSG_DONTWAIT, nullptr);
  const unsigned epoch = epoch_;
  for (std::size_t i = 0; static_cast<int>(i) < count && epoch == epoch_; ++i)
    arrived({&batch.bytes[i * batch_stride], batch.messages[i].msg_len}, now);
}

void TftpClient::arrived(base::ByteView datagram, Nanos now) {
  if (datagram.size() < 4) return;
  if (datagram[1] == 3 && state_ == State::receiving) {
    const auto block = static_cast<std::uint16_t>((datagram[2] << 8) | datagram[3]);
    // Counted where it arrives, before the injector: the server did send it.
    if (static_cast<std::int16_t>(block - static_cast<std::uint16_t>(expected_)) < 0) ++totals_.duplicates;
  }
  if (weather_.fair()) return handle(datagram, now);
  if (in_.hit(weather_.loss)) {
    ++totals_.lost_by_us;
    return;
  }
  const unsigned epoch = epoch_;
  if (state_ == State::receiving && held_.empty() && in_.hit(weather_.reorder)) {
    held_.assign(datagram.begin(), datagram.end());
    poller_.set(hold_, now + 5 * millisecond);
    return;
  }
  const bool twice = in_.hit(weather_.duplicate);
  handle(datagram, now);
  if (twice && epoch == epoch_) handle(datagram, now);
  if (!held_.empty() && epoch == epoch_) {
    const std::vector<std::uint8_t> late = std::move(held_);
    held_.clear();
    handle(late, now);
  }
}

void TftpClient::expired(Timer& timer, Nanos now) {
  if (state_ == State::idle) return;
  if (&timer == &hold_) {
    const std::vector<std::uint8_t> late = std::move(held_);
    held_.clear();
    if (!late.empty()) handle(late, now);
  } else if (&timer == &think_) {
    const unsigned epoch = epoch_;
    thinking_ = false;
    block_taken(now);
    if (epoch == epoch_) read(now);
  } else if (thinking_) {
    poller_.set(retry_, now + habits_.retry);  // it is busy, not waiting
  } else if (++tries_ > habits_.tries) {
    fail(totals_.gave_up, now);
  } else if (state_ != State::receiving) {
    ++totals_.rrq_resent;
    send_request(now);
  } else {
    ++totals_.acks_resent;
    send_ack(now);
  }
}

}  // namespace bench
