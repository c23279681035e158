// SPDX-License-Identifier: GPL-3.0-or-later
// TLS 1.3 over one of the generator's sockets. Believes every certificate: what it talks to is
// measured, not trusted.
#pragma once

#include <gnutls/gnutls.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>

namespace bench {

class Tls {
 public:
  explicit Tls(int socket);
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  // All three like recv() and send(): -1 with EAGAIN where the socket has to be waited for.
  int shake_hands();  // 0 when done
  ssize_t receive(void* into, std::size_t room);
  ssize_t send(std::string_view text);
  // Octets that came and were not received: no readiness of the socket will tell of them.
  [[nodiscard]] bool pending() const { return taken_ < came_; }

 private:
  // The library reads a record's head, then its body: two system calls for 16 kB, and the
  // generator would be slower than what it measures.
  static ssize_t pull(gnutls_transport_ptr_t from, void* into, std::size_t size);

  struct End {
    void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
  };
  std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, End> session_;
  int socket_;
  std::array<char, 64 * 1024> ahead_;
  std::size_t came_ = 0, taken_ = 0;  // of it
};

}  // namespace bench
