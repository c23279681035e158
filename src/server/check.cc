// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/capability.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "content/loaders.h"
#include "server/privileges.h"
#include "server/served_interfaces.h"

namespace server {
namespace {

constexpr std::uint16_t dhcp_port = 67;
constexpr std::uint16_t boot_service_port = 4011;

class Checks {
 public:
  Checks(const Config& config, const Machine& machine) : config_(config), machine_(machine) {}

  std::vector<Finding> run() {
    privileges();
    interfaces();
    ports();
    dhcp_server_here();
    certificate();
    combinations();
    uefi_chain();
    files();
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string area, std::string what, std::string todo = "") {
    findings_.push_back({level, std::move(area), std::move(what), std::move(todo)});
  }
  // A sentence made elsewhere, «what: what to do»: the remedy is behind the last colon.
  void add_sentence(Level level, std::string area, const std::string& sentence) {
    const std::size_t colon = sentence.rfind(": ");
    if (colon == std::string::npos)
      add(level, std::move(area), sentence);
    else
      add(level, std::move(area), sentence.substr(0, colon), sentence.substr(colon + 2));
  }
  void ok(std::string area, std::string what) { add(Level::ok, std::move(area), std::move(what)); }

  void privileges() {
    if (!config_.user.empty()) {
      const auto found = machine_.find_user(config_.user);
      if (found)
        ok("user", fmt::format("the server becomes {}", config_.user));
      else
        add_sentence(Level::fail, "user", found.error().what);
    } else {
      add(Level::warn, "user", "the server stays who starts it", "set server.user to an account of its own");
    }
    if (!machine_.may_open_low_ports()) {
      add(Level::warn, "rights", "whoever runs this check may not open ports below 1024",
          "start the server as root or by its systemd unit; run this check as root to see who holds a port");
    }
  }

  void interface(const net::Interface& interface) {
    const std::string area = "interface " + interface.name;
    if (!interface.up) {
      add(Level::fail, area, "is down", fmt::format("ip link set {} up", interface.name));
    } else if (interface.addresses.empty()) {
      add(Level::fail, area, "has no address", "give it one: clients must reach this server by it");
    } else {
      std::vector<std::string> addresses;
      for (const base::IpNet& net : telling_addresses(interface)) addresses.push_back(net.print());
      ok(area, fmt::format("up, {}", fmt::join(addresses, ", ")));
      if (!interface.addresses.front().address.is_v4() && (config_.proxydhcp || config_.boot_service)) {
        add(Level::warn, area, "has no IPv4 address: proxyDHCP, which is IPv4, is not answered there",
            "give it one, or let the DHCPv6 server name the boot file (docs/configuration.md)");
      }
    }
  }

  void interfaces() {
    const auto all = machine_.interfaces();
    if (!all) {
      add(Level::fail, "interfaces", all.error().what);
      return;
    }
    if (config_.interfaces.empty()) {
      const auto served = [](const net::Interface& i) { return i.up && !i.loopback && has_own_address(i); };
      if (std::none_of(all->begin(), all->end(), served)) {
        add(Level::fail, "interfaces", "none is up with an address",
            "plug one in and give it one, or name it in server.interfaces");
      }
      for (const auto& i : *all) {
        if (served(i)) interface(i);
      }
      return;
    }
    for (const std::string& name : config_.interfaces) {
      const auto found =
          std::find_if(all->begin(), all->end(), [&](const auto& i) { return i.name == name; });
      if (found != all->end()) {
        interface(*found);
        continue;
      }
      std::vector<std::string> names;
      for (const auto& i : *all) names.push_back(i.name);
      add(Level::fail, "interface " + name, "does not exist",
          fmt::format("correct server.interfaces; there are {}", fmt::join(names, ", ")));
    }
  }

  void port(bool wanted, net::Protocol protocol, std::uint16_t number, std::string_view service,
            std::string_view remedy) {
    const std::string area =
        fmt::format("port {} {}", protocol == net::Protocol::udp ? "UDP" : "TCP", number);
    if (!wanted) {
      ok(area, fmt::format("{} is switched off", service));
      return;
    }
    const std::string holder = machine_.port_holder(protocol, number);
    if (holder.empty()) {
      ok(area, fmt::format("free for {}", service));
    } else if (holder.starts_with("bootferry ")) {
      ok(area, fmt::format("{}: held by the running {}", service, holder));
    } else {
      add(Level::fail, area, fmt::format("{} needs it; held by {}", service, holder), std::string(remedy));
    }
  }

  void ports() {
    using net::Protocol;
    // Who may be a DHCP server gets a finding of its own below.
    if (!config_.proxydhcp || config_.shared_port || dhcp_holder().empty()) {
      if (config_.proxydhcp && config_.shared_port && !dhcp_holder().empty()) {
        add(Level::warn, "port UDP 67", fmt::format("shared with {}", dhcp_holder()),
            "works only if that program sets SO_REUSEADDR too; services.proxydhcp = false is safer");
      } else {
        port(config_.proxydhcp, Protocol::udp, dhcp_port, "proxyDHCP", "");
      }
    }
    port(config_.boot_service, Protocol::udp, boot_service_port, "boot service",
         "stop that program: only one PXE service can answer on a host");
    port(config_.tftp, Protocol::udp, config_.tftp_port, "TFTP",
         "stop that program, or set services.tftp = false");
    port(config_.http, Protocol::tcp, config_.http_port, "HTTP",
         "stop that program, or set http.port to another one: URLs carry it");
    if (config_.https()) {
      port(true, Protocol::tcp, config_.tls_port, "HTTPS",
           "stop that program, or set http.tls_port to another one, or to 0 for no HTTPS");
    }
  }

  // Who holds port 67 and is not Bootferry itself; empty when nobody.
  std::string dhcp_holder() const {
    std::string holder = machine_.port_holder(net::Protocol::udp, dhcp_port);
    return holder.starts_with("bootferry ") ? "" : holder;
  }

  void dhcp_server_here() {
    const std::string holder = dhcp_holder();
    if (holder.empty()) {
      if (!config_.proxydhcp && config_.boot_service) {
        add(Level::warn, "DHCP", "proxyDHCP is off and no DHCP server runs on this host",
            "set services.proxydhcp = true: without an offer from here no machine asks port 4011");
      } else if (config_.proxydhcp) {
        ok("DHCP", "no DHCP server on this host: the one on the network stays as it is");
      }
      return;
    }
    if (config_.proxydhcp) {
      if (!config_.shared_port) {
        add(Level::fail, "port UDP 67", fmt::format("held by {}, most likely a DHCP server or relay", holder),
            "set services.proxydhcp = false; on a DHCP server set option 60 to \"PXEClient\" and nothing "
            "else "
            "(UEFI HTTP Boot is then not possible)");
      }
      return;
    }
    if (!config_.boot_service) return;  // files only: the other server's options do the rest
    add(Level::warn, "DHCP", fmt::format("{} holds port 67 on this host; boot service only", holder),
        "on that DHCP server set option 60 to \"PXEClient\" and nothing else: no option 43, 66 or 67. "
        "UEFI HTTP Boot is not possible this way");
  }

  void certificate() {
    if (!config_.https()) return;
    const auto identity = machine_.tls_identity(config_.tls_certificate, config_.tls_key);
    if (!identity) {
      add_sentence(Level::fail, "HTTPS", identity.error().what);
      return;
    }
    const std::int64_t now = machine_.now();
    constexpr std::int64_t day = 24 * 3600, soon = 30 * day;
    const auto date = [](std::int64_t time) {
      const auto when = static_cast<std::time_t>(time);
      std::tm parts{};
      gmtime_r(&when, &parts);
      return fmt::format("{}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
    };
    const std::string& name = config_.tls_certificate;
    if (now < identity->valid_from) {
      add(Level::warn, "HTTPS", fmt::format("{} is valid from {} on", name, date(identity->valid_from)),
          "look at this machine's clock; clients refuse the certificate until then");
    } else if (now >= identity->valid_until) {
      add(Level::warn, "HTTPS", fmt::format("{} expired on {}", name, date(identity->valid_until)),
          "renew it and restart the server: clients refuse it");
    } else if (identity->valid_until - now < soon) {
      add(Level::warn, "HTTPS",
          fmt::format("{} expires on {}, in {} days", name, date(identity->valid_until),
                      (identity->valid_until - now) / day),
          "renew it and restart the server");
    } else {
      ok("HTTPS",
         fmt::format("{} is valid until {}, and the key is its own", name, date(identity->valid_until)));
    }
  }

  void combinations() {
    if (config_.proxydhcp && !config_.boot_service) {
      add(Level::warn, "services", "proxyDHCP without the boot service",
          "most UEFI firmware asks port 4011 before it boots: set services.boot_service = true");
    }
    if ((config_.proxydhcp || config_.boot_service) && !config_.tftp) {
      add(Level::warn, "services", "machines are told to fetch by TFTP, which is switched off",
          "set services.tftp = true, unless only UEFI HTTP Boot is used");
    }
    if (!config_.http && config_.unknown_uefi == policy::UnknownUefi::ipxe) {
      add(Level::warn, "services",
          "the iPXE chain fetches by HTTP, which is switched off: UEFI machines are refused",
          "set services.http = true, or boot.unknown_uefi = \"shim\"");
    }
    const auto [low, high] = config_.tftp_port_range;
    if (low != 0 && config_.tftp && std::uint32_t{high} - low + 1 < config_.max_transfers) {
      add(Level::warn, "tftp.port_range",
          fmt::format("holds {} ports for up to {} transfers", high - low + 1, config_.max_transfers),
          "widen the range, or lower tftp.max_transfers to it");
    }
  }

  void uefi_chain() {
    if (config_.unknown_uefi == policy::UnknownUefi::ipxe) {
      add(Level::ok, "UEFI chain",
          "ipxe: boots beside any DHCP server, over HTTP; machines with Secure Boot on refuse it",
          "for those: boot.unknown_uefi = \"shim\", and next-server on the DHCP server");
      return;
    }
    add(Level::warn, "UEFI chain",
        "shim: boots with Secure Boot on or off, but its GRUB asks only the server that the DHCP server "
        "names",
        "on the DHCP server set next-server (siaddr) to this server's address; no other option. "
        "Where that cannot be done and Secure Boot is off: boot.unknown_uefi = \"ipxe\"");
  }

  void files() {
    const auto problems = machine_.file_problems();
    if (!problems) {
      add(Level::fail, "files", problems.error().what);
      return;
    }
    for (const std::string& problem : *problems) {
      add_sentence(Level::fail, problem.starts_with("DEGRADED") ? "database" : "files", problem);
    }
    if (problems->empty()) ok("files", "loaders and images are all there");
  }

  const Config& config_;
  const Machine& machine_;
  std::vector<Finding> findings_;
};

bool has_bind_capability() {
  const cap_t mine = cap_get_proc();
  if (mine == nullptr) return false;
  cap_flag_value_t effective = CAP_CLEAR;
  const bool known = cap_get_flag(mine, CAP_NET_BIND_SERVICE, CAP_EFFECTIVE, &effective) == 0;
  cap_free(mine);
  return known && effective == CAP_SET;
}

}  // namespace

std::string_view print(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warn:
      return "warn";
    case Level::fail:
      return "fail";
  }
  return "?";
}

Machine Machine::real(std::function<base::Result<std::vector<std::string>>()> file_problems) {
  Machine machine;
  machine.interfaces = net::list_interfaces;
  machine.port_holder = [](net::Protocol protocol, std::uint16_t port) {
    return net::port_in_use(protocol, port) ? net::holder_of_port(protocol, port) : std::string();
  };
  machine.find_user = [](const std::string& user) -> base::Status {
    const auto account = find_account(user);
    if (!account) return tl::unexpected(account.error());
    return {};
  };
  machine.may_open_low_ports = has_bind_capability;
  machine.file_problems = std::move(file_problems);
  machine.now = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  return machine;
}

std::vector<std::string> missing_loaders() {
  content::Published scratch;
  return content::publish_loaders(scratch);
}

std::vector<Finding> check(const Config& config, const Machine& machine) {
  return Checks(config, machine).run();
}

bool any_failure(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& f) { return f.level == Level::fail; });
}

}  // namespace server
