// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a server. Caller is the seam: Client asks a running server over its socket, and
// server::LocalCaller does the same requests on a stopped server's state directory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/messages.h"
#include "base/fd.h"
#include "base/result.h"

namespace api {

// Progress and items, as they come. Done and Failed become the returned status.
using OnReply = std::function<void(Reply)>;

class Caller {
 public:
  virtual ~Caller() = default;
  // `file`, where the request needs one, is taken over.
  virtual base::Status call(const Request& request, base::Fd file, const OnReply& on_reply) = 0;

  base::Status call(const Request& request);
  // All items of an answer.
  base::Result<std::vector<Reply>> list(const Request& request);
};

class Client final : public Caller {
 public:
  // Errors say what to do: no server, no right to talk to it.
  static base::Result<std::unique_ptr<Client>> connect(const std::string& path);
  explicit Client(base::Fd socket) : socket_(std::move(socket)) {}

  using Caller::call;
  base::Status call(const Request& request, base::Fd file, const OnReply& on_reply) override;

 private:
  base::Fd socket_;
};

}  // namespace api
