// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP POST by a plain socket: one request, one connection, no TLS, no names (the server gives
// addresses). Enough for the boot surface, which is in the same network.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace agent {

struct Url {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::string host;  // as the Host field has it: «192.0.2.1:8080»
  std::string path;  // «/boot/v1/4f1c…»

  [[nodiscard]] int family() const { return address.ss_family; }
  // Nothing for what is not http://ADDRESS[:PORT]/PATH, an IPv6 address in brackets.
  static std::optional<Url> parse(std::string_view text);
};

struct Answer {
  int status = 0;      // 0: there was none
  std::string reason;  // why there was none, or the answer's first line
};

// `path` is appended to the URL's. Ten seconds for the connection, thirty for all of it.
Answer post(const Url& url, std::string_view path, std::string_view type, std::string_view body);

// The status in an answer's first line; 0 where it is no HTTP.
int status_of(std::string_view answer);

}  // namespace agent
