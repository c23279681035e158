// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP/1.1 as its client sees it: a request's octets, and an answer's, read piece by piece.
// The grammar is Boost.Beast's and stays in response.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/client.h"

namespace api {

// Head and body; asks the server to close when it has answered.
std::string print_request(const Request& request);

class Response {
 public:
  // The sink, if there is one, gets the body of a 2xx, and must outlive this object.
  explicit Response(const Sink& sink);
  ~Response();
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  // Any octets; an error where they are no answer, or where the sink refuses its piece.
  base::Status take(std::string_view octets);
  // Nothing more comes; an error where more should have.
  base::Status end();
  [[nodiscard]] bool whole() const;
  // Once it is whole; gives it away.
  [[nodiscard]] Answer answer();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string rest_;  // of a head or a chunk that has not come whole
};

}  // namespace api
