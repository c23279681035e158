// SPDX-License-Identifier: GPL-3.0-or-later
// "http://10.0.0.2:8080/images/a%20b", "http://[2001:db8::1]/a" without allocation: packets carry URLs as
// well as scripts do. Port 80 is left out: `http://host:80/` makes GRUB take "host:80" for the name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace base {

// RFC 3986 §2.3: what is itself in any part of a URL.
constexpr bool unreserved_in_url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

template <class Put>
void escape_in_url(char c, Put& put) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const auto octet = static_cast<unsigned char>(c);
  put('%');
  put(hex[octet >> 4]);
  put(hex[octet & 15]);
}

// One segment of a path, one name or value of a query: '/' and '&' in it are letters of it.
inline std::string escape_url_part(std::string_view text) {
  std::string out;
  const auto put = [&out](char c) { out += c; };
  for (const char c : text) {
    if (unreserved_in_url(c)) {
      put(c);
    } else {
      escape_in_url(c, put);
    }
  }
  return out;
}

// Hands the URL to `put` octet by octet. `path` has no leading slash.
template <class Put>
void write_http_url(const Ip& address, std::uint16_t port, std::string_view path, Put put) {
  const auto text = [&](std::string_view t) {
    for (const char c : t) put(c);
  };
  const auto number = [&](unsigned n) {
    unsigned unit = 1;
    while (n / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10) put(static_cast<char>('0' + (n / unit) % 10));
  };
  text("http://");
  std::array<char, Ip::longest_text> room;
  if (!address.is_v4()) put('[');
  text(address.print_to(room));
  if (!address.is_v4()) put(']');
  if (port != 80) {
    put(':');
    number(port);
  }
  put('/');
  for (const char c : path) {
    if (unreserved_in_url(c) || c == '/') {  // between segments
      put(c);
    } else {
      escape_in_url(c, put);
    }
  }
}

}  // namespace base
