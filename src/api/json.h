// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as the management API speaks it. This header is light; whoever looks inside a Json
// includes <nlohmann/json.hpp> in its .cc.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace api {

using Json = nlohmann::json;

// Where something that was sent is wrong, and how.
struct Fault {
  std::string field;  // a JSON pointer (RFC 6901): "/collections/1"; empty: the whole
  std::string what;   // a sentence
  bool operator==(const Fault&) const = default;
};

// Deeper than any record is; what is deeper is refused, since readers recurse once a level.
inline constexpr int max_json_depth = 16;
// One JSON value in UTF-8. The fault says in which line and column it stops being one.
base::Result<Json, Fault> read_json(std::string_view text);
// In one line. Octets that are not UTF-8 become U+FFFD.
std::string print_json(const Json& value);

// "2026-11-21T22:00:00Z" (RFC 3339). Years 0 to 9999.
std::string print_time(std::int64_t unix_seconds);
// Likewise with an offset; fractions of a second are dropped.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace api
