// SPDX-License-Identifier: GPL-3.0-or-later
// One request from its first line to the end of its response, and the response itself: from
// the handler's reply to what libmicrohttpd sends. For http_server.cc only.
#pragma once

#include <microhttpd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "net/http_conditions.h"
#include "net/http_server.h"

namespace net {

// What all threads of a server share; does not change while they run.
struct HttpShared {
  HttpServer::Handler handler;
  HttpServer::OnDone on_done;
  std::string name;
  bool tls = false;
};

// What is read of a request's header.
struct HttpFields {
  std::string user_agent;
  Conditions conditions;
  bool body = false;        // the request brings one
  bool incomplete = false;  // memory ran out: a condition may be missing
};

struct HttpExchange {
  std::string raw_target;
  HttpDone done;
  std::uint64_t promised = 0;        // octets of body
  std::uint64_t acked_before = 0;    // octets of this connection, earlier responses included
  std::optional<HttpFields> fields;  // once the header is complete
};

// Asks the handler and queues its reply. Both may throw std::bad_alloc.
MHD_Result queue_answer(const HttpShared& shared, HttpExchange& exchange, MHD_Connection* connection);
MHD_Result queue_error(const HttpShared& shared, HttpExchange& exchange, MHD_Connection* connection,
                       const HttpError& what);

}  // namespace net
