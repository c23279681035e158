// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_server.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/processors.h"
#include "net/http_connection.h"
#include "net/http_door.h"
#include "net/http_tls.h"
#include "net/http_worker.h"
#include "net/socket_address.h"

namespace net {

struct HttpServer::Impl {
  explicit Impl(const Options& options)
      : door(options.max_connections, options.max_connections_per_address) {}

  HttpShared shared;
  HttpDoor door;
  std::unique_ptr<TlsContext> tls;
  std::vector<base::Fd> listeners;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<HttpWorker>> workers;  // the users of all this: they go first
};

base::Result<base::Fd> HttpServer::open_listener(base::Endpoint listen, std::string_view service) {
  const bool v4 = listen.address.is_v4();
  base::Fd fd(socket(to_af(listen.address.family()), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return base::fail_errno("open a TCP socket", errno);
  const int on = 1;  // connections of our last run that linger must not keep us from starting
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!v4) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Connections inherit these two. The first tells by which interface they come.
  if (setsockopt(fd.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &on,
                 sizeof on) < 0) {
    return base::fail_errno("learn by which interface connections come", errno);
  }
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const SocketAddress address(listen);
  if (bind(fd.get(), address.get(), address.size()) < 0 || ::listen(fd.get(), SOMAXCONN) < 0) {
    return tl::unexpected(bind_error(Protocol::tcp, listen, errno, service));
  }
  return fd;
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::start(const Options& options, Handler handler,
                                                            OnDone on_done) {
  auto impl = std::make_unique<Impl>(options);
  for (const int fd : options.listen_fds) impl->listeners.emplace_back(fd);
  if (impl->listeners.empty()) {
    auto opened = open_listener(options.listen);
    if (!opened) return tl::unexpected(opened.error());
    impl->listeners.push_back(std::move(*opened));
  }
  if (options.tls) {
    auto tls = TlsContext::open(*options.tls);
    if (!tls) return tl::unexpected(tls.error());
    impl->tls = std::move(*tls);
    // What a client that reads nothing may have waiting for it; without this, megabytes each.
    // Plain files wait as references into the page cache, where a limit only costs wake-ups.
    const int unsent = 256 << 10;
    for (const base::Fd& listener : impl->listeners) {
      setsockopt(listener.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    }
  }
  impl->port = local_endpoint(impl->listeners.front().get()).port;
  HttpShared& shared = impl->shared;
  shared.handler = std::move(handler);
  shared.on_done = std::move(on_done);
  shared.pace_of = options.pace_of;
  shared.body_of = options.body_of;
  shared.idle = std::chrono::seconds(options.idle_seconds);
  shared.for_head = std::chrono::seconds(options.header_seconds);
  shared.max_head = options.max_header;
  shared.max_body = options.max_body;
  shared.server_name = options.server_name;
  const unsigned threads = options.threads != 0 ? options.threads : std::min(base::usable_processors(), 64U);
  for (unsigned i = 0; i < threads; ++i) {
    auto worker = HttpWorker::start(impl->listeners, shared, impl->door, impl->tls.get());
    if (!worker) return tl::unexpected(worker.error());
    impl->workers.push_back(std::move(*worker));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port; }

HttpCounts HttpServer::counts() const {
  const HttpShared& shared = impl_->shared;
  return {impl_->door.inside(), shared.refused.load(), shared.late.load(), shared.malformed.load()};
}

}  // namespace net
