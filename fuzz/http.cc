// SPDX-License-Identifier: GPL-3.0-or-later
// Any request for a file over HTTP, as far as this project reads one itself. The input looks
// like a request: "GET <size of the file> <target>", then header fields a line. Properties: a
// path is absolute, printable and goes back to an escaped URL that means the same; the part
// of the file that is chosen lies inside it, and is no part of another file.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/url.h"
#include "net/http_conditions.h"
#include "net/http_target.h"

namespace {

constexpr std::string_view etag = "\"abc\"";
constexpr std::int64_t modified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

struct Request {
  bool is_get = false;
  std::uint64_t size = 0;
  std::string_view target;
  net::Conditions conditions;
};

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

Request read(std::string_view text) {
  using Field = std::optional<std::string> net::Conditions::*;
  constexpr std::array<std::pair<std::string_view, Field>, 6> names = {{
      {"If-Match: ", &net::Conditions::if_match},
      {"If-None-Match: ", &net::Conditions::if_none_match},
      {"If-Modified-Since: ", &net::Conditions::if_modified_since},
      {"If-Unmodified-Since: ", &net::Conditions::if_unmodified_since},
      {"If-Range: ", &net::Conditions::if_range},
      {"Range: ", &net::Conditions::range},
  }};
  Request request;
  std::string_view line = take(text, '\n');
  request.is_get = take(line, ' ') == "GET";
  const std::string_view size = take(line, ' ');
  std::from_chars(size.data(), size.data() + size.size(), request.size);
  request.target = line;
  while (!text.empty()) {
    line = take(text, '\n');
    for (const auto& [name, field] : names) {
      if (!line.starts_with(name)) continue;
      std::optional<std::string>& value = request.conditions.*field;
      const std::string_view given = line.substr(name.size());
      value = value ? *value + "," + std::string(given) : std::string(given);
    }
  }
  return request;
}

void check_target(std::string_view raw) {
  const auto target = net::parse_target(raw);
  if (!target) return;
  const std::string& path = target->path;
  BOOTFERRY_CHECK(path.starts_with('/') && path.size() + target->query.size() <= raw.size() + 1);
  BOOTFERRY_CHECK(std::none_of(path.begin(), path.end(),
                               [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  BOOTFERRY_CHECK(raw.ends_with(target->query));
  std::string url;
  base::write_http_url({{10, 0, 0, 2}}, 8080, std::string_view(path).substr(1), [&](char c) { url += c; });
  BOOTFERRY_CHECK(net::parse_target(url) == (net::HttpTarget{path, ""}));
}

// Whether the file's tag stands there, and not as a weak one: W/"abc".
bool mentions_tag(std::string_view field) {
  for (std::size_t at = 0; (at = field.find(etag, at)) != field.npos; ++at) {
    if (!field.substr(0, at).ends_with("W/")) return true;
  }
  return false;
}

void check_selection(const Request& request) {
  const net::Conditions& c = request.conditions;
  const net::Selection s = net::select(c, {std::string(etag), modified}, request.size, request.is_get);
  switch (s.status) {
    case 200:
      BOOTFERRY_CHECK(s.offset == 0 && s.length == request.size);
      break;
    case 206:
      BOOTFERRY_CHECK(request.is_get && c.range);
      BOOTFERRY_CHECK(s.length > 0 && s.length <= request.size && s.offset <= request.size - s.length);
      // The two halves of a download are of one file.
      BOOTFERRY_CHECK(!c.if_match || mentions_tag(*c.if_match) || c.if_match->find('*') != std::string::npos);
      BOOTFERRY_CHECK(!c.if_range || mentions_tag(*c.if_range) ||
                      net::parse_http_date(*c.if_range) == modified);
      break;
    case 304:
      BOOTFERRY_CHECK(c.if_none_match || c.if_modified_since);
      break;
    case 412:
      BOOTFERRY_CHECK(c.if_match || c.if_unmodified_since);
      break;
    case 416:
      BOOTFERRY_CHECK(request.is_get && c.range && s.length == 0);
      break;
    default:
      BOOTFERRY_CHECK(false);
  }
}

void check_date(const std::optional<std::string>& field) {
  const auto date = field ? net::parse_http_date(*field) : std::nullopt;
  if (!date) return;
  const std::string text = net::print_http_date(*date);
  // The leap second that ends 9999 is the one date that is read and has no four-digit year.
  BOOTFERRY_CHECK(net::parse_http_date(text) == date || text.find(" 10000 ") != text.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Request request = read(base::as_text({data, size}));
  check_target(request.target);
  check_selection(request);
  const net::Conditions& c = request.conditions;
  for (const auto* field : {&c.if_modified_since, &c.if_unmodified_since, &c.if_range}) check_date(*field);
  return 0;
}
