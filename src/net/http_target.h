// SPDX-License-Identifier: GPL-3.0-or-later
// What stands between the method and the version of a request line: from the wire's spelling
// to a path. It is decoded once and nothing is normalised: which file "//x" or "/a/../b"
// means is for the published tree to say, and a redirect ends many a firmware's boot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace net {

struct HttpTarget {
  std::string path;   // percent-decoded
  std::string query;  // raw, without '?'
  bool operator==(const HttpTarget&) const = default;
};

enum class TargetFault : std::uint8_t { not_a_path, broken_escape, control_character };

// Absolute form ("http://host/path") is accepted; control characters, NUL too, are not.
base::Result<HttpTarget, TargetFault> parse_target(std::string_view raw);

}  // namespace net
