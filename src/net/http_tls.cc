// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_tls.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <type_traits>
#include <utility>

namespace net {
namespace {

using How = HttpMoved::How;

constexpr std::size_t record_size = 16384;
constexpr std::size_t batch = 4 * record_size;

// 1.2 is what the firmware and the iPXE of the field speak, which know CBC and RSA key
// exchange at times and nothing newer; 1.0 and 1.1 nobody needs.
constexpr const char* allowed = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+SHA256";

struct EndSession {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using Session = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, EndSession>;

// File octets, and the records that they become; for each thread, not for each connection.
struct Workshop {
  std::array<char, batch> plain;
  std::string records;
};
thread_local Workshop workshop;

class TlsTransport final : public HttpTransport {
 public:
  TlsTransport(base::Fd socket, Session session) : socket_(std::move(socket)), session_(std::move(session)) {
    gnutls_transport_set_ptr(session_.get(), this);
    gnutls_transport_set_pull_function(session_.get(), pull);
    gnutls_transport_set_push_function(session_.get(), push);
  }
  HttpMoved receive(std::span<char> into) override;
  HttpMoved send(std::string_view bytes, bool more) override;
  HttpMoved send_file(int fd, std::uint64_t offset, std::size_t length, bool more) override;
  void finish() override;
  [[nodiscard]] std::size_t unacknowledged() const override { return unacknowledged_octets(socket_.get()); }

 private:
  static ssize_t pull(gnutls_transport_ptr_t from, void* into, std::size_t size);
  static ssize_t push(gnutls_transport_ptr_t to, const void* bytes, std::size_t size);
  template <class Call>
  HttpMoved until_blocked(Call call);
  HttpMoved put(std::string_view bytes, bool more);
  HttpMoved go_on(bool more);

  base::Fd socket_;
  Session session_;
  Cork cork_;
  bool shaken_ = false;      // hands
  bool blocked_ = false;     // the socket said so, during the present call
  bool collecting_ = false;  // records go to the workshop
  std::string rest_;         // records that the socket had no room for, and
  std::size_t owed_ = 0;     // the octets that will have been sent with them
};

ssize_t TlsTransport::pull(gnutls_transport_ptr_t from, void* into, std::size_t size) {
  auto& self = *static_cast<TlsTransport*>(from);
  const ssize_t got = recv(self.socket_.get(), into, size, 0);
  if (got < 0 && errno == EAGAIN) self.blocked_ = true;
  return got;
}

ssize_t TlsTransport::push(gnutls_transport_ptr_t to, const void* bytes, std::size_t size) {
  auto& self = *static_cast<TlsTransport*>(to);
  if (self.collecting_) {
    workshop.records.append(static_cast<const char*>(bytes), size);
    return static_cast<ssize_t>(size);
  }
  const ssize_t sent = ::send(self.socket_.get(), bytes, size, MSG_NOSIGNAL);
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

// The records of a batch leave in one call: each by itself would cost as much as a batch.
HttpMoved TlsTransport::put(std::string_view bytes, bool more) {
  workshop.records.clear();
  collecting_ = true;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view record = bytes.substr(at, record_size);
    const ssize_t put = gnutls_record_send(session_.get(), record.data(), record.size());
    if (put <= 0) return {How::ended};
    at += static_cast<std::size_t>(put);
  }
  collecting_ = false;
  rest_.swap(workshop.records);
  owed_ = bytes.size();
  return go_on(more);
}

HttpMoved TlsTransport::go_on(bool more) {
  std::size_t gone = 0;
  while (gone < rest_.size()) {
    const ssize_t sent =
        ::send(socket_.get(), rest_.data() + gone, rest_.size() - gone, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent >= 0) {
      gone += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      rest_.erase(0, gone);
      return {errno == EAGAIN ? How::blocked : How::ended};
    }
  }
  workshop.records = std::exchange(rest_, {});  // who has nothing to keep keeps no room for it
  return {How::some, std::exchange(owed_, 0)};
}

HttpMoved TlsTransport::send(std::string_view bytes, bool more) {
  if (owed_ > 0) return go_on(more);
  return put(bytes.substr(0, batch), more || bytes.size() > batch);
}

HttpMoved TlsTransport::send_file(int fd, std::uint64_t offset, std::size_t length, bool more) {
  if (length > record_size) cork_.put(socket_.get());
  HttpMoved sent;
  if (owed_ > 0) {
    sent = go_on(more || length > owed_);
  } else {
    const ssize_t got = pread(fd, workshop.plain.data(), std::min(length, batch), static_cast<off_t>(offset));
    if (got <= 0) return {};
    const auto size = static_cast<std::size_t>(got);
    sent = put({workshop.plain.data(), size}, more || length > size);
  }
  if (!more && sent.size == length) cork_.pull(socket_.get());
  return sent;
}

void TlsTransport::finish() {
  if (shaken_) gnutls_bye(session_.get(), GNUTLS_SHUT_WR);
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
