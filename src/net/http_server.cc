// SPDX-License-Identifier: GPL-3.0-or-later
// The edge to libmicrohttpd: callbacks of a C library, so nothing may throw out of them.
#include "net/http_server.h"

#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "base/processors.h"
#include "net/http_answer.h"
#include "net/http_tls.h"
#include "net/socket_address.h"

namespace net {

namespace {

int socket_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info != nullptr ? info->connect_fd : -1;
}

std::uint64_t acknowledged(MHD_Connection* connection) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_of(connection), IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return 0;
  return info.tcpi_bytes_acked;
}

base::Endpoint peer_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr) return {};
  return endpoint_at(info->client_addr);
}

// Linux gives every address to every interface (weak host model), so the address that a
// client used does not tell which network it is in. The kernel keeps the interface that the
// handshake's last packet came by, for listeners with IP_PKTINFO.
unsigned arrival_of(MHD_Connection* connection) {
  alignas(cmsghdr) std::array<char, 256> room{};
  socklen_t size = room.size();
  if (getsockopt(socket_of(connection), IPPROTO_IP, IP_PKTOPTIONS, room.data(), &size) < 0) return 0;
  msghdr list{};
  list.msg_control = room.data();
  list.msg_controllen = size;
  for (cmsghdr* c = CMSG_FIRSTHDR(&list); c != nullptr; c = CMSG_NXTHDR(&list, c)) {
    if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(c), sizeof info);
    constexpr int loopback = 1;  // in every network namespace
    return info.ipi_ifindex > loopback ? static_cast<unsigned>(info.ipi_ifindex) : 0;
  }
  return 0;
}

MHD_Result collect_field(void* into, MHD_ValueKind, const char* raw_name, const char* raw_value) try {
  auto& fields = *static_cast<HttpFields*>(into);
  std::string name(raw_name);
  const std::string_view value = raw_value != nullptr ? raw_value : "";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const auto join = [&](std::optional<std::string>& field) {
    field = field ? *field + "," + std::string(value) : std::string(value);
  };
  if (name == "user-agent") fields.user_agent = value;
  if (name == "if-match") join(fields.conditions.if_match);
  if (name == "if-none-match") join(fields.conditions.if_none_match);
  if (name == "if-modified-since") join(fields.conditions.if_modified_since);
  if (name == "if-unmodified-since") join(fields.conditions.if_unmodified_since);
  if (name == "if-range") join(fields.conditions.if_range);
  if (name == "range") join(fields.conditions.range);
  if (name == "transfer-encoding" || (name == "content-length" && value != "0")) fields.body = true;
  return MHD_YES;
} catch (...) {
  static_cast<HttpFields*>(into)->incomplete = true;
  return MHD_NO;
}

// The request line is here: the only place that shows the target before the library splits
// and decodes it.
void* on_request_line(void*, const char* target, MHD_Connection* connection) {
  try {
    auto exchange = std::make_unique<HttpExchange>();
    exchange->raw_target = target != nullptr ? target : "";
    exchange->done.from = peer_of(connection);
    exchange->done.local = local_endpoint(socket_of(connection)).address;
    exchange->done.interface = arrival_of(connection);
    exchange->acked_before = acknowledged(connection);
    return exchange.release();
  } catch (...) {
    return nullptr;  // on_request() ends the connection
  }
}

// The library's own decoding lets broken escapes and NUL pass, so that it gets none to do.
std::size_t keep_escapes(void*, MHD_Connection*, char* text) { return std::strlen(text); }

MHD_Result on_request(void* cls, MHD_Connection* connection, const char*, const char* method, const char*,
                      const char*, std::size_t* upload_size, void** context) {
  const auto& server = *static_cast<const HttpShared*>(cls);
  auto* exchange = static_cast<HttpExchange*>(*context);
  if (exchange == nullptr) return MHD_NO;
  *upload_size = 0;
  try {
    if (!exchange->fields) {
      exchange->done.method = method;
      MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_field, &exchange->fields.emplace());
      if (exchange->fields->incomplete) throw std::bad_alloc();
      // An answer in this first call ends the connection after it, which is right for
      // requests that bring a body, for it is not read; others are answered in the next call.
      if (!exchange->fields->body) return MHD_YES;
    }
    return queue_answer(server, *exchange, connection);
  } catch (...) {
  }
  try {
    return queue_error(server, *exchange, connection,
                       {MHD_HTTP_INTERNAL_SERVER_ERROR, "the request could not be worked on"});
  } catch (...) {
    return MHD_NO;
  }
}

void on_completed(void* cls, MHD_Connection* connection, void** context, MHD_RequestTerminationCode how) {
  const auto& server = *static_cast<const HttpShared*>(cls);
  const std::unique_ptr<HttpExchange> exchange(static_cast<HttpExchange*>(*context));
  *context = nullptr;
  if (!exchange || exchange->done.status == 0 || !server.on_done) return;  // it never got an answer from us
  HttpDone& done = exchange->done;
  done.complete = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
  done.sent = exchange->promised;
  if (!done.complete) {
    // sendfile keeps no count for us, TCP does; it includes our header, which has about this size.
    constexpr std::uint64_t header = 250;
    const std::uint64_t acked = acknowledged(connection);
    const std::uint64_t before = exchange->acked_before + header;
    done.sent = std::min(done.sent, acked > before ? acked - before : 0);
  }
  try {
    server.on_done(done);
  } catch (...) {
  }
}

}  // namespace

namespace {

// 1.2 is what the firmware and the iPXE of the field speak, which know CBC and RSA key
// exchange at times and nothing newer; 1.0 and 1.1 nobody needs.
constexpr const char* tls_priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+SHA256";

MHD_OptionItem item(MHD_OPTION option, const char* text) { return {option, 0, const_cast<char*>(text)}; }

std::array<MHD_OptionItem, 5> tls_options(const std::optional<TlsIdentity>& tls) {
  const MHD_OptionItem end{MHD_OPTION_END, 0, nullptr};
  if (!tls) return {end, end, end, end, end};
  return {item(MHD_OPTION_HTTPS_MEM_CERT, tls->certificate.c_str()),
          item(MHD_OPTION_HTTPS_MEM_KEY, tls->key.c_str()), item(MHD_OPTION_HTTPS_PRIORITIES, tls_priorities),
          end};
}

unsigned threads_of(const HttpServer::Options& options) {
  if (options.threads != 0) return options.threads;
  return std::min(base::usable_processors(), 64u);
}

}  // namespace

struct HttpServer::Impl {
  HttpShared server;
  std::uint16_t port = 0;
  MHD_Daemon* daemon = nullptr;

  ~Impl() {
    if (daemon != nullptr) MHD_stop_daemon(daemon);  // joins its threads, which use `server`
  }
};

base::Result<base::Fd> HttpServer::open_listener(base::Endpoint listen, std::string_view service) {
  base::Fd fd(socket(to_af(listen.address.family()), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return base::fail_errno("open a TCP socket", errno);
  const int on = 1;  // connections of our last run that linger must not keep us from starting
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // For arrival_of(): connections inherit it.
  if (setsockopt(fd.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0) {
    return base::fail_errno("learn by which interface connections come", errno);
  }
  const SocketAddress address(listen);
  if (bind(fd.get(), address.get(), address.size()) < 0 || ::listen(fd.get(), SOMAXCONN) < 0) {
    return tl::unexpected(bind_error(Protocol::tcp, listen, errno, service));
  }
  return fd;
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::start(const Options& options, Handler handler,
                                                            OnDone on_done) {
  base::Fd listener(options.listen_fd);
  if (!listener.open()) {
    auto opened = open_listener(options.listen);
    if (!opened) return tl::unexpected(opened.error());
    listener = std::move(*opened);
  }
  if (options.tls) {
    // What a client that reads nothing may have waiting for it; without this, megabytes each.
    // Plain files wait as references into the page cache, where a limit only costs wake-ups.
    const int unsent = 256 << 10;
    setsockopt(listener.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  }
  auto impl = std::make_unique<Impl>();
  impl->server = {std::move(handler), std::move(on_done), options.server_name, options.tls.has_value()};
  impl->port = local_endpoint(listener.get()).port;
  const unsigned threads = threads_of(options);
  std::array<MHD_OptionItem, 5> tls = tls_options(options.tls);
  // With epoll the library spins on a handshake that stands still (0.9.75 never forgets that
  // the socket was readable), so a hundred octets would buy a processor. With poll it waits.
  const unsigned flags = options.tls ? unsigned{MHD_USE_POLL_INTERNAL_THREAD} | MHD_USE_ITC | MHD_USE_TLS
                                     : unsigned{MHD_USE_EPOLL_INTERNAL_THREAD} | MHD_USE_ITC;
  HttpShared* server = &impl->server;
  impl->daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, on_request, server,                           //
                                  MHD_OPTION_LISTEN_SOCKET, listener.get(),                                 //
                                  MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,                  //
                                  MHD_OPTION_CONNECTION_LIMIT, std::max(options.max_connections, threads),  //
                                  MHD_OPTION_PER_IP_CONNECTION_LIMIT, options.max_connections_per_address,  //
                                  MHD_OPTION_CONNECTION_TIMEOUT, options.idle_seconds,                      //
                                  MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.memory_per_connection,        //
                                  MHD_OPTION_URI_LOG_CALLBACK, on_request_line, nullptr,
                                  MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,  //
                                  nullptr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                                  MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END);
  if (impl->daemon == nullptr) {
    return base::fail("libmicrohttpd did not start on port {}{}", impl->port,
                      options.tls ? ": does it take this certificate and key?" : "");
  }
  static_cast<void>(listener.release());  // the daemon closes it
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace net
