// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates for 127.0.0.1, made by openssl(1), and the least TLS client.
#pragma once

#include <gnutls/gnutls.h>

#include <string>

#include "http_fixture.h"

namespace net {

// folder/NAME.pem and folder/NAME.key; returns what openssl complains about.
inline std::string make_certificate(const std::string& folder, const std::string& name,
                                    const std::string& key_kind = "ec -pkeyopt ec_paramgen_curve:P-256") {
  const std::string files = fmt::format("-keyout {0}/{1}.key -out {0}/{1}.pem", folder, name);
  std::string said = output_of(
      "openssl req -x509 -nodes -days 30 -subj /CN=boot -addext subjectAltName=IP:127.0.0.1 -newkey " +
      key_kind + " " + files);
  if (chmod((folder + "/" + name + ".key").c_str(), 0600) == 0) return {};
  return said;
}

// Shakes hands, believing anything, and asks; reads only when told to.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port) : tcp_(port) {
    gnutls_init(&session_, GNUTLS_CLIENT);
    gnutls_set_default_priority(session_);
    gnutls_certificate_allocate_credentials(&credentials_);
    gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_);
    gnutls_transport_set_int(session_, tcp_.fd());
    gnutls_handshake_set_timeout(session_, 10'000);
    int error = 0;
    do {
      error = gnutls_handshake(session_);
    } while (error < 0 && gnutls_error_is_fatal(error) == 0);
    ready_ = error == 0;
  }
  ~TlsClient() {
    gnutls_deinit(session_);
    gnutls_certificate_free_credentials(credentials_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  [[nodiscard]] bool ready() const { return ready_; }
  void send(std::string_view text) { gnutls_record_send(session_, text.data(), text.size()); }

 private:
  RawClient tcp_;
  gnutls_session_t session_ = nullptr;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  bool ready_ = false;
};

}  // namespace net
