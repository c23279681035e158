// SPDX-License-Identifier: GPL-3.0-or-later
// What `bootferry status` shows: services, interfaces, counters by name.
#pragma once

#include <string>
#include <vector>

#include <optional>
#include "api/json.h"
#include "server/config.h"

#include "net/http_server.h"
#include "server/boot_surface.h"
#include "server/dhcp_service.h"
#include "server/referral_probes.h"
#include "server/served_interfaces.h"
#include "server/tftp_loops.h"
#include "site/scrub.h"
#include "site/store_health.h"

namespace server {

// Who loads and who waits for that.
struct QueueCounts {
  std::uint64_t at_once = 0;  // 0: no limit
  std::uint64_t loading = 0;
  std::uint64_t waiting = 0;
  std::uint64_t longest_wait = 0;  // seconds
  bool operator==(const QueueCounts&) const = default;
};
struct StatusReport {
  std::string version;
  std::int64_t pid = 0;
  std::int64_t started = 0;  // Unix seconds
  std::vector<std::string> interfaces;
  std::vector<std::string> services;                            // «UDP 67 proxyDHCP»
  std::vector<std::pair<std::string, std::uint64_t>> counters;  // by name
  QueueCounts queue = {};
  std::optional<site::ScrubReport> scrub = {};
  std::vector<std::string> notes = {};  // a sentence each: what is wrong now, how other boot servers are
};
struct QueueItem {
  base::Mac machine;
  std::string kind;         // «uefi-pxe»
  bool loading = false;     // else it waits
  std::string waits_by;     // «offer», «script», «transfer»
  std::uint64_t since = 0;  // seconds
  std::string held_by;      // whose bound: «server», «10.1.0.0/16»; «» for nobody's
};

struct StatusSources {
  const Config& config;
  std::int64_t started = 0;
  const ServedInterfaces& interfaces;
  const DhcpService& dhcp;
  const TftpStatus* tftp = nullptr;                                          // null: off
  Machines* machines = nullptr;                                              // null: nobody loads
  const site::PendingMachines* pending = nullptr;                            // null: nobody waits
  std::optional<net::HttpCounts> http = std::nullopt, https = std::nullopt;  // nothing: off
  const site::Runs* runs = nullptr;                                          // null: nobody keeps them
  const BootSurface* boot_surface = nullptr;
  std::vector<BootServerHealth> boot_servers = {};  // of referrals
  std::optional<site::Degraded> degraded = std::nullopt;
  std::optional<site::ScrubReport> scrub = std::nullopt;  // of the content library
};

// On the packet loop, which owns the counters. A port's datagrams are counted as
// «udp67.received» and once more under one of «udp67.in.<name>»; the kernel's drops are
// «udp67.kernel-drops».
StatusReport status_of(const StatusSources& sources);

// Who loads and who waits; any thread.
std::vector<QueueItem> queue_of(Machines& machines);

// As GET /v1/status and GET /v1/queue show them.
api::Json to_json(const StatusReport& status);
api::Json to_json(const std::vector<QueueItem>& queue);

// «UDP 67 proxyDHCP», «TCP 80 HTTP»: what is switched on.
std::vector<std::string> services_of(const Config& config);

}  // namespace server
