// SPDX-License-Identifier: GPL-3.0-or-later
// What `bootferry status` shows: services, interfaces, counters by name.
#pragma once

#include <string>
#include <vector>

#include <optional>
#include "api/messages.h"
#include "server/config.h"

#include "net/http_server.h"
#include "server/dhcp_service.h"
#include "server/served_interfaces.h"
#include "server/tftp_loops.h"

namespace server {

struct StatusSources {
  const Config& config;
  std::int64_t started = 0;
  const ServedInterfaces& interfaces;
  const DhcpService& dhcp;
  const TftpStatus* tftp = nullptr;                                          // null: off
  Machines* machines = nullptr;                                              // null: nobody loads
  const PendingMachines* pending = nullptr;                                  // null: nobody waits
  std::optional<net::HttpCounts> http = std::nullopt, https = std::nullopt;  // nothing: off
};

// On the packet loop, which owns the counters. A port's datagrams are counted as
// «udp67.received» and once more under one of «udp67.in.<name>»; the kernel's drops are
// «udp67.kernel-drops».
api::Status status_of(const StatusSources& sources);

// Who loads and who waits; any thread.
std::vector<api::QueueItem> queue_of(Machines& machines);

// «UDP 67 proxyDHCP», «TCP 80 HTTP»: what is switched on.
std::vector<std::string> services_of(const Config& config);

}  // namespace server
