// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/post.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/fd.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds for_connection{10}, for_all{30};
constexpr std::size_t most_answer = 8192;

bool read_port(std::string_view text, in_port_t& port) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number == 0 || number > 65535) return false;
  port = htons(static_cast<in_port_t>(number));
  return true;
}

Answer none(int error) { return {0, std::strerror(error)}; }

// False when the time is over first.
bool wait(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd one{socket, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Url url;
  url.host = text.substr(0, slash);
  url.path = text.substr(slash);
  if (url.path.find_first_of(" \r\n") != std::string::npos) return std::nullopt;

  std::string_view port = "80";
  std::string_view address = url.host;
  const bool six = address.starts_with('[');
  const std::size_t end = six ? address.find(']') : address.find(':');
  if (six && end == std::string_view::npos) return std::nullopt;
  const std::string_view behind =
      end == std::string_view::npos ? std::string_view() : address.substr(end + (six ? 1 : 0));
  if (behind.starts_with(':')) {
    port = behind.substr(1);
  } else if (!behind.empty()) {
    return std::nullopt;
  }
  const std::string plain(six ? address.substr(1, end - 1) : address.substr(0, end));
  if (six) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, plain.c_str(), &to.sin6_addr) != 1 || !read_port(port, to.sin6_port))
      return std::nullopt;
    std::memcpy(&url.address, &to, sizeof to);
    url.address_size = sizeof to;
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    if (::inet_pton(AF_INET, plain.c_str(), &to.sin_addr) != 1 || !read_port(port, to.sin_port))
      return std::nullopt;
    std::memcpy(&url.address, &to, sizeof to);
    url.address_size = sizeof to;
  }
  return url;
}

int status_of(std::string_view answer) {
  constexpr std::string_view begin = "HTTP/1.";
  constexpr std::size_t status_at = 9, digits = 3;
  if (!answer.starts_with(begin) || answer.size() < status_at + digits) return 0;
  int status = 0;
  const char* const first = answer.data() + status_at;
  const auto read = std::from_chars(first, first + digits, status);
  return read.ec == std::errc() && read.ptr == first + digits && status >= 100 ? status : 0;
}

Answer post(const Url& url, std::string_view path, std::string_view type, std::string_view body) {
  const base::Fd socket(::socket(url.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.open()) return none(errno);
  const auto begin = Clock::now();
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&url.address), url.address_size) != 0) {
    if (errno != EINPROGRESS) return none(errno);
    if (!wait(socket.get(), POLLOUT, begin + for_connection)) return none(ETIMEDOUT);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return none(error);
  }

  std::string request =
      "POST " + url.path + std::string(path) + " HTTP/1.1\r\nHost: " + url.host +
      "\r\nUser-Agent: bootferry-agent\r\nConnection: close\r\nContent-Type: " + std::string(type) +
      "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request += body;
  const auto until = begin + for_all;
  std::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      break;  // a refusal may have come before the end of the body: it is read below
    } else if (!wait(socket.get(), POLLOUT, until)) {
      return none(ETIMEDOUT);
    }
  }

  std::string answer;
  std::array<char, 1024> part;
  while (answer.size() < most_answer && answer.find("\r\n") == std::string::npos) {
    if (!wait(socket.get(), POLLIN, until)) return none(ETIMEDOUT);
    const ssize_t got = ::recv(socket.get(), part.data(), part.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return none(errno);
    if (got == 0) break;
    answer.append(part.data(), static_cast<std::size_t>(got));
  }
  const int status = status_of(answer);
  if (status == 0) return {0, answer.empty() ? "no answer" : "the answer is no HTTP"};
  return {status, answer.substr(0, answer.find("\r\n"))};
}

}  // namespace agent
