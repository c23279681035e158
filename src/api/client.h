// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a server through its management API. Caller is the seam: Client asks a running server
// over its Unix socket, and server::LocalCaller does the same requests on a stopped server's
// state directory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace api {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string path;             // escaped: "/v1/devices/pc%201"
  Pairs query;                  // as meant: whoever sends it escapes it
  Pairs headers;                // besides those that HTTP itself needs
  std::string body;             // with its Content-Type among the headers
  std::vector<base::Fd> files;  // open files that travel beside it
};

struct Answer {
  int status = 0;
  Pairs headers;
  std::string body;
  // The first of that name, in any case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Takes a body piece by piece; an error ends the transfer.
using Sink = std::function<base::Status(std::string_view)>;

class Caller {
 public:
  virtual ~Caller() = default;
  // An answer of any status; errors are of reaching the server. With a sink the body of a
  // 2xx goes there and Answer::body stays empty.
  virtual base::Result<Answer> ask(Request request, const Sink& sink) = 0;
  base::Result<Answer> ask(Request request) { return ask(std::move(request), {}); }
};

// One connection a request: nothing to keep alive, and a restarted server is no trouble.
class Client final : public Caller {
 public:
  explicit Client(std::string socket_path) : path_(std::move(socket_path)) {}
  // Errors say what to do: no server, no right to talk to it.
  [[nodiscard]] base::Status reachable() const;

  using Caller::ask;
  base::Result<Answer> ask(Request request, const Sink& sink) override;

 private:
  [[nodiscard]] base::Result<base::Fd> connect() const;
  std::string path_;
};

// "/v1/devices?limit=5": the target of a request line.
std::string target(const Request& request);

}  // namespace api
