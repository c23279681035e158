// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/sockets.h"

#include <string_view>
#include <utility>

#include "net/http_server.h"
#include "session/pxe_service.h"

namespace server {
namespace {

net::UdpOptions udp_options(const char* service, bool reuse_address) {
  net::UdpOptions options;
  options.broadcast = true;
  options.reuse_address = reuse_address;
  options.service = service;
  return options;
}

base::Result<std::vector<base::Fd>> open_listeners(std::uint16_t port, std::string_view service) {
  std::vector<base::Fd> listeners;
  for (const base::IpFamily family : {base::IpFamily::v4, base::IpFamily::v6}) {
    if (family == base::IpFamily::v6 && !net::speaks(family)) continue;
    auto listener = net::HttpServer::open_listener({base::Ip::any(family), port}, service);
    if (!listener) return tl::unexpected(listener.error());
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace

base::Result<Sockets> open_sockets(const Config& config) {
  Sockets sockets;
  if (config.proxydhcp) {
    auto socket =
        net::UdpSocket::bind({{}, session::dhcp_server_port}, udp_options("proxydhcp", config.shared_port));
    if (!socket) {
      return base::fail(
          "{}. Beside a DHCP server on this host: services.proxydhcp = false, and that server sets option 60 "
          "to "
          "\"PXEClient\" and nothing else (UEFI HTTP Boot is then not possible)",
          socket.error().what);
    }
    sockets.proxy = std::move(*socket);
  }
  if (config.boot_service) {
    auto socket = net::UdpSocket::bind({{}, session::boot_service_port}, udp_options("boot_service", false));
    if (!socket) return tl::unexpected(socket.error());
    sockets.boot_service = std::move(*socket);
  }
  if (config.http) {
    auto listeners = open_listeners(config.http_port, "http");
    if (!listeners) return tl::unexpected(listeners.error());
    sockets.http = std::move(*listeners);
  }
  if (config.https()) {
    auto identity = net::load_tls_identity(config.tls_certificate, config.tls_key);
    if (!identity) return tl::unexpected(identity.error());
    sockets.tls = std::move(*identity);
    auto listeners = open_listeners(config.tls_port, "http.tls_port");
    if (!listeners) return tl::unexpected(listeners.error());
    sockets.https = std::move(*listeners);
  }
  return sockets;
}

}  // namespace server
