// SPDX-License-Identifier: GPL-3.0-or-later
// The management API's sockets: a Unix socket, and TLS where that is configured. Handlers run on
// threads of its own.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "management/api.h"
#include "server/config.h"
#include "server/privileges.h"

namespace server {

class ApiServer {
 public:
  // Opens what needs rights: sockets, the key, the tokens. `owner` gets the Unix socket.
  static base::Result<std::unique_ptr<ApiServer>> listen(const Config& config,
                                                         const std::optional<Account>& owner);
  ~ApiServer();  // stops

  // `api` must live until stop() has returned.
  base::Status start(management::Api& api);
  // Closes all connections; removes the socket.
  void stop();
  // Other tokens, from the same file; those before stay where it cannot be read.
  base::Status reload_tokens();

 private:
  struct Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace server
