// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "flags.h"

namespace bench {
namespace {

// One cipher, whatever a server prefers: every contestant has the same work.
constexpr const char* priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM";

void check(int error, const char* what) {
  if (error < 0) fatal(std::string(what) + ": " + gnutls_strerror(error));
}

gnutls_certificate_credentials_t nobodys_credentials() {
  static const gnutls_certificate_credentials_t credentials = [] {
    gnutls_certificate_credentials_t made = nullptr;
    check(gnutls_certificate_allocate_credentials(&made), "TLS");
    return made;
  }();
  return credentials;
}

ssize_t as_socket_call(ssize_t result) {
  if (result >= 0) return result;
  errno = gnutls_error_is_fatal(static_cast<int>(result)) != 0 ? EPROTO : EAGAIN;
  return -1;
}

}  // namespace

Tls::Tls(int socket) : socket_(socket) {
  gnutls_session_t session = nullptr;
  check(gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), "TLS");
  session_.reset(session);
  check(gnutls_priority_set_direct(session, priorities, nullptr), "TLS");
  check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, nobodys_credentials()), "TLS");
  gnutls_transport_set_ptr2(session, this, reinterpret_cast<gnutls_transport_ptr_t>(std::intptr_t{socket}));
  gnutls_transport_set_pull_function(session, pull);
}

ssize_t Tls::pull(gnutls_transport_ptr_t from, void* into, std::size_t size) {
  auto& self = *static_cast<Tls*>(from);
  if (!self.pending()) {
    const ssize_t got = ::recv(self.socket_, self.ahead_.data(), self.ahead_.size(), 0);
    if (got <= 0) return got;
    self.came_ = static_cast<std::size_t>(got);
    self.taken_ = 0;
  }
  size = std::min(size, self.came_ - self.taken_);
  std::memcpy(into, self.ahead_.data() + self.taken_, size);
  self.taken_ += size;
  return static_cast<ssize_t>(size);
}

int Tls::shake_hands() { return static_cast<int>(as_socket_call(gnutls_handshake(session_.get()))); }

ssize_t Tls::receive(void* into, std::size_t room) {
  return as_socket_call(gnutls_record_recv(session_.get(), into, room));
}

ssize_t Tls::send(std::string_view text) {
  return as_socket_call(gnutls_record_send(session_.get(), text.data(), text.size()));
}

}  // namespace bench
