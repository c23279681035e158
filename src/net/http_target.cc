// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_target.h"

#include <optional>

namespace net {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// "http://host/path" is a legal request line too (RFC 9112 §3.2.2): proxies write it.
std::string_view without_origin(std::string_view raw) {
  if (raw.starts_with('/')) return raw;
  const std::size_t scheme_end = raw.find("://");
  const std::size_t query = raw.find('?');
  if (scheme_end == std::string_view::npos || scheme_end > query) return raw;
  const std::size_t path = raw.find_first_of("/?", scheme_end + 3);
  return path == std::string_view::npos ? "/" : raw.substr(path);
}

}  // namespace

base::Result<HttpTarget, TargetFault> parse_target(std::string_view raw) {
  raw = without_origin(raw);
  const std::size_t question = raw.find('?');
  const std::string_view path = raw.substr(0, question);
  HttpTarget result;
  if (question != std::string_view::npos) result.query = raw.substr(question + 1);
  if (!path.starts_with('/')) return tl::unexpected(TargetFault::not_a_path);
  result.path.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size()) return tl::unexpected(TargetFault::broken_escape);
      const auto high = hex_digit(path[i + 1]), low = hex_digit(path[i + 2]);
      if (!high || !low) return tl::unexpected(TargetFault::broken_escape);
      c = static_cast<char>(*high << 4 | *low);
      i += 2;
    }
    // No published name has one, and a line break in a name would write log lines of its own.
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return tl::unexpected(TargetFault::control_character);
    result.path.push_back(c);
  }
  return result;
}

}  // namespace net
