// SPDX-License-Identifier: GPL-3.0-or-later
// `bootferry check`: what would keep this machine from serving, what to do about it, and the
// choices whose price an administrator should know. Looks only; opens and changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/interfaces.h"
#include "net/tls_identity.h"
#include "net/udp.h"
#include "server/config.h"

namespace server {

enum class Level : std::uint8_t { ok, warn, fail };
std::string_view print(Level level);

struct Finding {
  Level level = Level::ok;
  std::string area;  // "port UDP 67", "interface eth0", "files"
  std::string what;
  std::string todo;  // empty when nothing is to be done
  bool operator==(const Finding&) const = default;
};

// What the checks see of the machine; tests put their own in its place.
struct Machine {
  std::function<base::Result<std::vector<net::Interface>>()> interfaces;
  // Empty when nobody holds the port, else "dnsmasq (pid 812)".
  std::function<std::string(net::Protocol, std::uint16_t)> port_holder;
  std::function<base::Status(const std::string& user)> find_user;  // when root would become it
  std::function<bool()> may_open_low_ports;
  std::function<base::Result<std::vector<std::string>>()> file_problems;
  std::function<base::Result<net::TlsIdentity>(const std::string& certificate, const std::string& key)>
      tls_identity = net::load_tls_identity;
  std::function<std::int64_t()> now;  // Unix seconds

  // `file_problems` depends on whether a server runs, so the caller says how to ask.
  static Machine real(std::function<base::Result<std::vector<std::string>>()> file_problems);
};

// The problems that are known without a site: loader packages that are missing.
std::vector<std::string> missing_loaders();

std::vector<Finding> check(const Config& config, const Machine& machine);
bool any_failure(const std::vector<Finding>& findings);

}  // namespace server
