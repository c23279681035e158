// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP inside TLS, by GnuTLS. The handshake happens inside receive(). No octet is kept here
// but one record that the socket had no room for: file bytes are read when they can leave.
#pragma once

#include <gnutls/gnutls.h>

#include <memory>

#include "base/result.h"
#include "net/http_transport.h"
#include "net/tls_identity.h"

namespace net {

// What all connections of a server share, on all threads.
class TlsContext {
 public:
  static base::Result<std::unique_ptr<TlsContext>> open(const TlsIdentity& identity);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  // Null without memory. This must outlive it.
  [[nodiscard]] std::unique_ptr<HttpTransport> transport(base::Fd socket) const;

 private:
  TlsContext() = default;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_priority_t priorities_ = nullptr;
};

}  // namespace net
