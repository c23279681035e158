// SPDX-License-Identifier: GPL-3.0-or-later
// The head of an HTTP/1 request, from its first octet to its empty line: bytes in, value out.
// The grammar is Boost.Beast's, of which only http_head.cc knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_conditions.h"

namespace net {

struct HttpHead {
  std::string_view method;  // this and the target point into what was parsed
  std::string_view target;  // as sent
  std::string user_agent, content_type, authorization;
  Conditions conditions;
  std::uint64_t content_length = 0;  // announced octets of body
  bool chunked = false;              // a body of a length that nobody knows yet
  bool expects_continue = false;     // waits for "100 Continue" before it sends its body
  bool keep_alive = false;           // more requests may follow
  bool version_1_0 = false;
};

enum class HeadFault : std::uint8_t {
  malformed,  // 400
  coding,     // 501: a transfer coding that is not "chunked": the body's end would be a guess
  version,    // 505: neither HTTP/1.0 nor 1.1
};

// `text` ends with the empty line, CRLF CRLF.
base::Result<HttpHead, HeadFault> parse_head(std::string_view text);

}  // namespace net
