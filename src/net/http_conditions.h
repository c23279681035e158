// SPDX-License-Identifier: GPL-3.0-or-later
// Which answer a conditional or partial request for a file gets: RFC 9110 §13 and §14 as
// pure functions. UEFI firmware resumes with Range and If-Match or If-Unmodified-Since, so a
// wrong answer here joins the halves of two different kernels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace net {

// What the file is known by.
struct Validators {
  std::string etag;           // strong, quotes included; may be empty
  std::int64_t modified = 0;  // Unix seconds
};

// The request's header fields, absent ones as nullopt. Repeated fields are joined with commas.
struct Conditions {
  std::optional<std::string> if_match = std::nullopt;
  std::optional<std::string> if_none_match = std::nullopt;
  std::optional<std::string> if_modified_since = std::nullopt;
  std::optional<std::string> if_unmodified_since = std::nullopt;
  std::optional<std::string> if_range = std::nullopt;
  std::optional<std::string> range = std::nullopt;
};

// 200, 206, 304, 412 or 416; of the file's octets [offset, offset + length) are meant.
struct Selection {
  unsigned status = 200;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const Selection&) const = default;
};

Selection select(const Conditions& conditions, const Validators& file, std::uint64_t size, bool is_get);

// "Sun, 06 Nov 1994 08:49:37 GMT". Only this form is read: a client echoes the date that we
// gave it, and an unreadable one must be ignored anyway.
std::optional<std::int64_t> parse_http_date(std::string_view text);
std::string print_http_date(std::int64_t unix_seconds);

}  // namespace net
