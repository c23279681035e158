// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration file (TOML). No file is needed; every key has a default and a page in
// docs/configuration.md. An unknown key or a wrong type is an error with file:line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "management/access.h"
#include "policy/model.h"
#include "server/traffic_limits.h"
#include "session/admission.h"
#include "session/wds_dialogue.h"
#include "site/runs.h"

namespace server {

struct Config {
  // [server]
  std::vector<std::string> interfaces;  // empty: every one that is up and not loopback
  std::string state = "/var/lib/bootferry";
  std::string socket = "/run/bootferry/api.sock";  // of the management API
  std::string user = "bootferry";                  // after the sockets are open; "" stays what it is
  base::LogLevel log_level = base::LogLevel::info;
  base::LogFormat log_format = base::LogFormat::text;
  // [services]
  bool proxydhcp = true;     // UDP 67
  bool boot_service = true;  // UDP 4011
  bool tftp = true;          // UDP 69
  bool http = true;          // TCP
  // [dhcp]
  bool shared_port = false;  // SO_REUSEADDR on 67 beside a DHCP server on this host: only where both agree
  // [tftp]
  std::uint16_t tftp_port = 69;
  bool allow_fragments = false;
  std::uint16_t max_windowsize = 16;
  std::uint32_t tftp_threads = 0;  // loops; 0: one for each processor but one
  bool single_port = false;
  std::uint32_t max_transfers = 8192;
  std::uint32_t max_transfers_per_client = 64;
  std::pair<std::uint16_t, std::uint16_t> tftp_port_range{0, 0};  // 0: any
  // [http]
  std::uint16_t http_port = 80;
  std::uint32_t http_threads = 0;  // 0: one a processor
  std::uint32_t http_max_connections = 4000;
  std::uint32_t http_max_connections_per_client = 64;
  std::uint16_t images_port = 0;  // that scripts name for images; 0: http_port
  std::uint16_t tls_port = 0;     // 0: no HTTPS
  std::string tls_certificate;    // PEM files
  std::string tls_key;
  // [limits]
  std::vector<InterfaceLimit> interface_limits;
  std::vector<NetworkLimit> network_limits;
  // [boot]
  policy::UnknownUefi unknown_uefi = policy::UnknownUefi::ipxe;
  policy::BiosIpxe bios_ipxe = policy::BiosIpxe::script;
  std::uint16_t prompt_seconds = 10;
  // [windows]
  policy::WindowsTerms windows;
  // [boot_service]
  session::WdsApproved wds_approved = session::WdsApproved::file_only;
  // [admission]
  std::uint32_t at_once = 0;  // machines that load at one time; 0: no limit
  std::vector<session::NetworkSlots> at_once_by_network;
  // [api]
  management::ApiPeople api_people;
  std::uint16_t api_tls_port = 0;  // 0: the Unix socket alone
  std::string api_tokens;

  // [runs]
  std::uint32_t silent_minutes = 240;  // from a run's start to when it counts as silent
  std::uint32_t offers_again = 3;      // of a run that failed or fell silent
  std::uint32_t installs = 0;          // that may begin within installs_minutes; 0: any number
  std::uint32_t installs_minutes = 60;
  std::uint32_t failures_in_row = 10;  // that stop installs; 0: any number
  std::uint32_t loop_boots = 5;        // of a machine within loop_minutes that are too many; 0: never
  std::uint32_t loop_minutes = 30;
  bool loop_to_disk = false;

  // [referrals]
  std::uint32_t probe_seconds = 30;  // between two looks at a boot server; 0: none

  [[nodiscard]] bool https() const { return http && tls_port != 0; }
  [[nodiscard]] policy::Settings settings() const;
  [[nodiscard]] session::AdmissionBounds admission() const { return {at_once, at_once_by_network}; }
  [[nodiscard]] site::RunsTerms runs() const;
  bool operator==(const Config&) const = default;
};

base::Result<Config> read_config(const std::string& path);
base::Result<Config> parse_config(std::string_view text, const std::string& name_for_errors);
// Every key as "section.key", in the order of the configuration page: a test holds the page
// and the example file against it.
std::vector<std::string_view> config_keys();

}  // namespace server
