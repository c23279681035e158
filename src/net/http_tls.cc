// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_tls.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <type_traits>

namespace net {
namespace {

using How = HttpMoved::How;

constexpr std::size_t record_size = 16384;
// Read from a file at once; one for each thread, however many connections it has.
constexpr std::size_t portion = 4 * record_size;

// 1.2 is what the firmware and the iPXE of the field speak, which know CBC and RSA key
// exchange at times and nothing newer; 1.0 and 1.1 nobody needs.
constexpr const char* allowed = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+SHA256";

struct EndSession {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using Session = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, EndSession>;

class TlsTransport final : public HttpTransport {
 public:
  TlsTransport(base::Fd socket, Session session) : socket_(std::move(socket)), session_(std::move(session)) {
    gnutls_transport_set_ptr(session_.get(), this);
    gnutls_transport_set_pull_function(session_.get(), pull);
    gnutls_transport_set_vec_push_function(session_.get(), push);
  }
  HttpMoved receive(std::span<char> into) override;
  HttpMoved send(std::string_view bytes, bool more) override;
  HttpMoved send_file(int fd, std::uint64_t offset, std::size_t length, bool more) override;
  void finish() override;
  [[nodiscard]] std::size_t unacknowledged() const override { return unacknowledged_octets(socket_.get()); }

 private:
  static ssize_t pull(gnutls_transport_ptr_t from, void* into, std::size_t size);
  static ssize_t push(gnutls_transport_ptr_t to, const giovec_t* parts, int count);
  template <class Call>
  HttpMoved until_blocked(Call call);
  HttpMoved put(std::string_view record);

  base::Fd socket_;
  Session session_;
  bool shaken_ = false;     // hands
  bool blocked_ = false;    // the socket said so, during the present call
  bool more_ = false;       // what is sent now is not the last of its response
  bool half_sent_ = false;  // the library keeps a record that did not fit
};

ssize_t TlsTransport::pull(gnutls_transport_ptr_t from, void* into, std::size_t size) {
  auto& self = *static_cast<TlsTransport*>(from);
  const ssize_t got = recv(self.socket_.get(), into, size, 0);
  if (got < 0 && errno == EAGAIN) self.blocked_ = true;
  return got;
}

// The library gives 16 kB at a time, and each record would leave as packets of its own: those
// of a file wait for each other until packets are full.
ssize_t TlsTransport::push(gnutls_transport_ptr_t to, const giovec_t* parts, int count) {
  auto& self = *static_cast<TlsTransport*>(to);
  msghdr message{};
  message.msg_iov = const_cast<giovec_t*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  const ssize_t sent = sendmsg(self.socket_.get(), &message, MSG_NOSIGNAL | (self.more_ ? MSG_MORE : 0));
  if (sent < 0 && errno == EAGAIN) self.blocked_ = true;
  return sent;
}

// The library also says "again" for what is no data (a new key, a warning) while octets wait
// in the socket, for which no edge will come. Nobody honest sends many of those in a row.
template <class Call>
HttpMoved TlsTransport::until_blocked(Call call) {
  for (int tries = 0; tries < 32; ++tries) {
    blocked_ = false;
    const ssize_t got = call();
    if (got >= 0) return {How::some, static_cast<std::size_t>(got)};
    if (gnutls_error_is_fatal(static_cast<int>(got)) != 0) return {How::ended};
    if (blocked_) return {How::blocked};
  }
  return {How::ended};
}

HttpMoved TlsTransport::receive(std::span<char> into) {
  if (!shaken_) {
    const HttpMoved hands = until_blocked([&] { return gnutls_handshake(session_.get()); });
    if (hands.how != How::some) return hands;
    shaken_ = true;
  }
  const HttpMoved got =
      until_blocked([&] { return gnutls_record_recv(session_.get(), into.data(), into.size()); });
  return got.how == How::some && got.size == 0 ? HttpMoved{How::ended} : got;
}

// One record; its octets count as sent when the whole of it is.
HttpMoved TlsTransport::put(std::string_view record) {
  const HttpMoved put = until_blocked([&] {
    // Without data the library goes on with the record that it keeps.
    return gnutls_record_send(session_.get(), half_sent_ ? nullptr : record.data(),
                              half_sent_ ? 0 : record.size());
  });
  half_sent_ = put.how == How::blocked;
  return put;
}

HttpMoved TlsTransport::send(std::string_view bytes, bool more) {
  more_ = more || bytes.size() > record_size;
  return put(bytes.substr(0, record_size));
}

HttpMoved TlsTransport::send_file(int fd, std::uint64_t offset, std::size_t length, bool more) {
  thread_local std::array<char, portion> buffer;
  std::size_t sent = 0;
  if (half_sent_) {
    more_ = more || length > record_size;
    const HttpMoved rest = put({});
    if (rest.how != How::some) return rest;
    sent = rest.size;
  }
  while (sent < length) {
    const std::size_t room = std::min(length - sent, portion);
    const ssize_t got = pread(fd, buffer.data(), room, static_cast<off_t>(offset + sent));
    if (got <= 0) break;
    std::string_view left(buffer.data(), static_cast<std::size_t>(got));
    while (!left.empty()) {
      const std::string_view record = left.substr(0, record_size);
      more_ = more || sent + record.size() < length;
      const HttpMoved put_now = put(record);
      if (put_now.how != How::some) return sent > 0 ? HttpMoved{How::some, sent} : put_now;
      sent += put_now.size;
      left.remove_prefix(put_now.size);
    }
  }
  return {How::some, sent};
}

void TlsTransport::finish() {
  more_ = false;
  if (shaken_ && !half_sent_) gnutls_bye(session_.get(), GNUTLS_SHUT_WR);
  shutdown(socket_.get(), SHUT_WR);
}

}  // namespace

base::Result<std::unique_ptr<TlsContext>> TlsContext::open(const TlsIdentity& identity) {
  std::unique_ptr<TlsContext> context(new TlsContext);
  const auto datum = [](const std::string& text) {
    return gnutls_datum_t{reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
                          static_cast<unsigned>(text.size())};
  };
  const gnutls_datum_t certificate = datum(identity.certificate), key = datum(identity.key);
  if (gnutls_certificate_allocate_credentials(&context->credentials_) < 0)
    return base::fail("no memory for TLS");
  if (const int error =
          gnutls_certificate_set_x509_key_mem(context->credentials_, &certificate, &key, GNUTLS_X509_FMT_PEM);
      error < 0) {
    return base::fail("TLS does not take this certificate and key: {}", gnutls_strerror(error));
  }
  if (const int error = gnutls_priority_init(&context->priorities_, allowed, nullptr); error < 0)
    return base::fail("TLS does not start: {}", gnutls_strerror(error));
  return context;
}

TlsContext::~TlsContext() {
  if (priorities_ != nullptr) gnutls_priority_deinit(priorities_);
  if (credentials_ != nullptr) gnutls_certificate_free_credentials(credentials_);
}

std::unique_ptr<HttpTransport> TlsContext::transport(base::Fd socket) const {
  gnutls_session_t raw = nullptr;
  if (gnutls_init(&raw, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) return nullptr;
  Session session(raw);
  if (gnutls_priority_set(raw, priorities_) < 0 ||
      gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, credentials_) < 0) {
    return nullptr;
  }
  return std::make_unique<TlsTransport>(std::move(socket), std::move(session));
}

}  // namespace net
