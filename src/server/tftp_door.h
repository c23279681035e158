// SPDX-License-Identifier: GPL-3.0-or-later
// Where TFTP requests of one family come in. IPv4 and IPv6 have a socket each: one for both
// would take IPv4 the longer way through the stack and hide which address was asked.
#pragma once

#include "net/udp.h"

namespace server {

struct TftpOptions;

struct TftpDoor {
  base::IpFamily family = base::IpFamily::v4;
  net::UdpSocket requests;
  net::UdpSocket errors;  // answers to requests that start nothing: a TID for all of them

  // `address` and `port`: where requests come. Error: the port is taken, and by whom.
  static base::Result<TftpDoor> open(const base::Ip& address, std::uint16_t port, const TftpOptions& options);
};

}  // namespace server
