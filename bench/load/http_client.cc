// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "flags.h"

namespace bench {
namespace {

constexpr std::size_t largest_head = 8192;
constexpr std::size_t slow_portion = 16384;
constexpr std::size_t portion = 256 * 1024;
// One thread. What is discarded never touches it, but a fortified recv() wants the room.
std::array<std::uint8_t, 4 << 20> buffer;

}  // namespace

HttpClient::HttpClient(Poller& poller, HttpOwner& owner, HttpTotals& totals, const HttpHabits& habits,
                       const sockaddr_in& server, std::optional<sockaddr_in> local)
    : poller_(poller), owner_(owner), totals_(totals), habits_(habits), server_(server), local_(local) {
  patience_.owner = pace_.owner = this;
}

void HttpClient::start(const ServedFile& file, Nanos now) {
  file_ = &file;
  began_ = now;
  head_.clear();
  received_ = 0;
  resting_ = false;
  poller_.set(patience_, now + habits_.patience);
  if (fd_.open()) {
    send_request(now);
  } else {
    open_socket();
  }
}

void HttpClient::open_socket() {
  fd_ = base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_.open()) fatal_errno("socket");
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (local_) {
    // The port is chosen when the server's is known too: one of ours serves many connections.
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&*local_), sizeof *local_) != 0)
      fatal_errno("bind");
  }
  if (habits_.bytes_per_second > 0) {
    const int small = 64 * 1024;  // a slow machine has little room: the server is to feel it
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  state_ = State::connecting;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&server_), sizeof server_) != 0 &&
      errno != EINPROGRESS)
    fatal_errno("connect");
  poller_.add(fd_.get(), *this, EPOLLOUT);
}

void HttpClient::send_request(Nanos now) {
  std::array<char, INET_ADDRSTRLEN> host{};
  ::inet_ntop(AF_INET, &server_.sin_addr, host.data(), host.size());
  const std::string request = "GET /" + file_->name + " HTTP/1.1\r\nHost: " + host.data() +
                              (habits_.keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
  state_ = State::head;
  // Fits any socket buffer; if the server closed the connection meanwhile, it failed.
  const ssize_t sent =
      tls_ ? tls_->send(request) : ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) finish(false, now);
}

void HttpClient::shake_hands(Nanos now) {
  if (tls_->shake_hands() == 0) {
    send_request(now);
  } else if (errno != EAGAIN) {
    finish(false, now);
  }
}

void HttpClient::close() {
  tls_.reset();
  fd_ = base::Fd();
}

void HttpClient::stop_timers() {
  poller_.set(patience_, never);
  poller_.set(pace_, never);
}

void HttpClient::abort() {
  stop_timers();
  close();
  state_ = State::idle;
}

void HttpClient::finish(bool right, Nanos now) {
  stop_timers();
  if (!right || !habits_.keep_alive) close();
  if (right && !habits_.check_all) compare_ = false;
  state_ = State::idle;
  ++(right ? totals_.done : totals_.failed);
  owner_.http_done(*this, right, now - began_, now);
}

void HttpClient::ready(std::uint32_t events, Nanos now) {
  if (state_ == State::connecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return finish(false, now);
    const bool slow = habits_.bytes_per_second > 0;
    poller_.change(fd_.get(), *this, slow ? EPOLLIN | EPOLLET : EPOLLIN);
    if (!habits_.tls) return send_request(now);
    tls_.emplace(fd_.get());
    state_ = State::shaking_hands;
    shake_hands(now);
  } else if (state_ == State::shaking_hands) {
    shake_hands(now);
  } else if (state_ == State::idle) {
    close();  // closed while nothing was asked for; the next start() connects
  } else if (!resting_) {
    read(now);
  }
}

void HttpClient::read(Nanos now) {
  do {
    if (!read_some(now)) return;
    // Slow ones hear of each readiness once; of what TLS has read ahead nobody hears.
  } while ((habits_.bytes_per_second > 0 || (tls_ && tls_->pending())) && !resting_ &&
           (state_ == State::head || state_ == State::body));
}

bool HttpClient::read_some(Nanos now) {
  const bool discard = state_ == State::body && !compare_;
  // Never beyond this response: with MSG_TRUNC the next head would be gone.
  const std::size_t wanted = state_ == State::body ? file_->content.size() - received_ : largest_head;
  const std::size_t most = habits_.bytes_per_second > 0 ? slow_portion : discard ? buffer.size() : portion;
  const std::size_t room = std::min(wanted, most);
  const ssize_t size = tls_ ? tls_->receive(buffer.data(), room)
                            : ::recv(fd_.get(), buffer.data(), room, discard ? MSG_TRUNC : 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size <= 0) {
    finish(false, now);
    return false;
  }
  poller_.set(patience_, now + habits_.patience);
  if (state_ == State::head)
    take_head({reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(size)}, now);
  else
    take_body(buffer.data(), static_cast<std::size_t>(size), now);
  return true;
}

void HttpClient::take_head(std::string_view text, Nanos now) {
  head_ += text;
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (head_.size() > largest_head) finish(false, now);
    return;
  }
  const std::string body = head_.substr(end + 4);
  std::size_t length = SIZE_MAX;
  for (std::size_t line = 0; line < end; line = head_.find("\r\n", line) + 2) {
    constexpr std::string_view name = "Content-Length:";
    if (::strncasecmp(head_.c_str() + line, name.data(), name.size()) != 0) continue;
    const std::size_t digits = head_.find_first_not_of(' ', line + name.size());
    std::from_chars(head_.data() + digits, head_.data() + end, length);
  }
  if (head_.compare(0, 12, "HTTP/1.1 200") != 0) {
    ++totals_.bad_status;
    return finish(false, now);
  }
  if (length != file_->content.size()) {
    ++totals_.wrong_bytes;
    return finish(false, now);
  }
  state_ = State::body;
  take_body(reinterpret_cast<const std::uint8_t*>(body.data()), body.size(), now);
}

void HttpClient::take_body(const std::uint8_t* bytes, std::size_t size, Nanos now) {
  if (size > file_->content.size() - received_ ||
      (compare_ && !same_bytes({bytes, size}, file_->content.subspan(received_, size)))) {
    ++totals_.wrong_bytes;
    return finish(false, now);
  }
  received_ += size;
  totals_.bytes += size;
  if (compare_) totals_.checked_bytes += size;
  if (received_ == file_->content.size()) return finish(true, now);
  if (habits_.bytes_per_second > 0 && size > 0) {
    resting_ = true;
    poller_.set(pace_, now + from_seconds(static_cast<double>(size) / habits_.bytes_per_second));
  }
}

void HttpClient::expired(Timer& timer, Nanos now) {
  if (state_ == State::idle) return;
  if (&timer == &patience_) return finish(false, now);
  resting_ = false;
  read(now);
}

}  // namespace bench
