// SPDX-License-Identifier: GPL-3.0-or-later
// From the handler's reply to what leaves: status line, fields, and octets or a part of a
// file. Ranges, HEAD, ETag and conditions are done here, for every handler alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "net/http_conditions.h"
#include "net/http_server.h"

namespace net {

// What a connection needs to know of the request that it answers.
struct AnswerTo {
  std::string_view method;
  const Conditions& conditions;
  bool version_1_0 = false;
  bool keep_alive = false;
  std::string_view server_name;
};

struct HttpAnswer {
  std::string bytes;  // the head, and a body that is no file
  base::Fd file;      // then this part of it
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  unsigned status = 0;
  std::uint64_t promised = 0;  // octets of body
  bool keep_alive = false;
};

// Opens the file, if it is one; one that is not there becomes an error.
HttpAnswer make_answer(HttpReply reply, const AnswerTo& request);

}  // namespace net
