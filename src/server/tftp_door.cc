// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_door.h"

#include "server/tftp_service.h"

namespace server {
namespace {

base::Result<net::UdpSocket> open_error_port(const base::Ip& address, const TftpOptions& options) {
  net::UdpOptions small;
  small.receive_buffer = 64 << 10;
  if (!options.ports) return net::UdpSocket::bind({address, 0}, small);
  base::Result<net::UdpSocket> port = base::fail("tftp: the port range is empty");
  for (unsigned number = options.ports->last; number >= options.ports->first && number > 0; --number) {
    port = net::UdpSocket::bind({address, static_cast<std::uint16_t>(number)}, small);
    if (port) break;
  }
  return port;
}

}  // namespace

base::Result<TftpDoor> TftpDoor::open(const base::Ip& address, std::uint16_t port,
                                      const TftpOptions& options) {
  net::UdpOptions request_port;
  request_port.service = "tftp";
  request_port.reuse_port = options.one_of_several;
  auto requests = net::UdpSocket::bind({address, port}, request_port);
  if (!requests) return tl::unexpected(requests.error());
  auto errors = open_error_port(address, options);
  if (!errors) return tl::unexpected(errors.error());
  return TftpDoor{address.family(), std::move(*requests), std::move(*errors)};
}

}  // namespace server
