// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that needs a right, opened before the rights are given away; TFTP's sockets are its
// loops' own (server/tftp_loops.h).
#pragma once

#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "net/tls_identity.h"
#include "net/udp.h"
#include "server/config.h"

namespace server {

struct Sockets {
  std::optional<net::UdpSocket> proxy;
  std::optional<net::UdpSocket> boot_service;
  std::vector<base::Fd> http;  // one a family
  std::vector<base::Fd> https;
  std::optional<net::TlsIdentity> tls;  // the key may be root's
};

// What the configuration has switched on. The error names the port's present holder.
base::Result<Sockets> open_sockets(const Config& config);

}  // namespace server
