// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

net::Interface interface(const std::string& name, bool up, bool address, bool loopback = false) {
  net::Interface out;
  out.index = 1;
  out.name = name;
  out.up = up;
  out.loopback = loopback;
  if (address) out.addresses.push_back({base::Ipv4{{10, 0, 0, 2}}, 24});
  return out;
}

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    machine.interfaces = [this] { return interfaces; };
    machine.port_holder = [this](net::Protocol, std::uint16_t port) { return holders[port]; };
    machine.find_user = [this](const std::string&) { return user; };
    machine.may_open_low_ports = [] { return true; };
    machine.file_problems = [this] { return problems; };
    machine.tls_identity = [this](const std::string&, const std::string&) { return identity; };
    machine.now = [this] { return now; };
  }
  std::vector<Finding> run() { return check(config, machine); }
  static auto finding(Level level, const std::string& area, const std::string& what,
                      const std::string& todo = "") {
    return Contains(AllOf(Field(&Finding::level, level), Field(&Finding::area, HasSubstr(area)),
                          Field(&Finding::what, HasSubstr(what)), Field(&Finding::todo, HasSubstr(todo))));
  }

  Config config;
  std::vector<net::Interface> interfaces{interface("lo", true, true, true), interface("eth0", true, true)};
  std::map<std::uint16_t, std::string> holders;
  base::Status user;
  base::Result<std::vector<std::string>> problems = std::vector<std::string>{};
  base::Result<net::TlsIdentity> identity = net::TlsIdentity{};
  std::int64_t now = 0;
  Machine machine;
};

TEST_F(CheckTest, AMachineInOrder) {
  const auto findings = run();
  EXPECT_FALSE(any_failure(findings));
  EXPECT_THAT(findings, finding(Level::ok, "interface eth0", "up, 10.0.0.2/24"));
  EXPECT_THAT(findings, Not(Contains(Field(&Finding::area, "interface lo"))));
  EXPECT_THAT(findings, finding(Level::ok, "port UDP 67", "free for proxyDHCP"));
  EXPECT_THAT(findings, finding(Level::ok, "port TCP 80", "free for HTTP"));
  EXPECT_THAT(findings, finding(Level::ok, "UEFI chain", "ipxe: boots beside any DHCP server"));
  EXPECT_THAT(findings, finding(Level::ok, "files", "all there"));
}

TEST_F(CheckTest, Interfaces) {
  config.interfaces = {"eth9"};
  EXPECT_THAT(run(), finding(Level::fail, "interface eth9", "does not exist", "there are lo, eth0"));
  config.interfaces = {"eth1", "eth2"};
  interfaces.push_back(interface("eth1", false, true));
  interfaces.push_back(interface("eth2", true, false));
  EXPECT_THAT(run(), finding(Level::fail, "interface eth1", "is down", "ip link set eth1 up"));
  EXPECT_THAT(run(), finding(Level::fail, "interface eth2", "has no address"));
  config.interfaces = {"eth3"};
  interfaces.push_back(interface("eth3", true, false));
  interfaces.back().addresses = {{base::Ip::parse("2001:db8::2").value(), 64},
                                 {base::Ip::parse("fe80::2").value(), 64}};
  EXPECT_THAT(run(), finding(Level::ok, "interface eth3", "up, 2001:db8::2/64"));
  EXPECT_THAT(run(), finding(Level::warn, "interface eth3", "has no IPv4 address: proxyDHCP", "DHCPv6"));
  config.proxydhcp = config.boot_service = false;
  EXPECT_THAT(run(), Not(finding(Level::warn, "interface eth3", "IPv4")));
  config = {};
  // Without names only those count that will be served: a card of another purpose is no fault.
  config.interfaces = {};
  EXPECT_THAT(run(), Not(Contains(Field(&Finding::area, "interface eth2"))));
  interfaces = {interface("lo", true, true, true), interface("eth2", true, false)};
  EXPECT_THAT(run(), finding(Level::fail, "interfaces", "none is up"));
}

TEST_F(CheckTest, PortsAndWhoHoldsThem) {
  holders = {{69, "in.tftpd (pid 12)"}, {80, "nginx (pid 13)"}, {4011, "dnsmasq (pid 14)"}};
  EXPECT_THAT(run(),
              finding(Level::fail, "port UDP 69", "held by in.tftpd (pid 12)", "services.tftp = false"));
  EXPECT_THAT(run(), finding(Level::fail, "port TCP 80", "held by nginx (pid 13)", "http.port"));
  EXPECT_THAT(run(), finding(Level::fail, "port UDP 4011", "held by dnsmasq (pid 14)"));
  config.tftp = false;
  EXPECT_THAT(run(), finding(Level::ok, "port UDP 69", "TFTP is switched off"));
  holders = {{67, "bootferry (pid 1)"}, {69, "bootferry (pid 1)"}, {80, "bootferry (pid 1)"}};
  EXPECT_FALSE(any_failure(run()));
}

TEST_F(CheckTest, ADhcpServerOnThisHost) {
  holders[67] = "kea-dhcp4 (pid 9)";
  EXPECT_THAT(run(), finding(Level::fail, "port UDP 67", "kea-dhcp4 (pid 9)", "services.proxydhcp = false"));
  config.shared_port = true;
  EXPECT_THAT(run(), finding(Level::warn, "port UDP 67", "shared with kea-dhcp4 (pid 9)", "SO_REUSEADDR"));
  EXPECT_FALSE(any_failure(run()));
  config.shared_port = false;
  config.proxydhcp = false;
  const auto findings = run();
  EXPECT_FALSE(any_failure(findings));
  EXPECT_THAT(findings, finding(Level::warn, "DHCP", "boot service only",
                                "option 60 to \"PXEClient\" and nothing else"));
  EXPECT_THAT(findings, finding(Level::warn, "DHCP", "", "HTTP Boot is not possible"));
  holders.clear();
  EXPECT_THAT(run(),
              finding(Level::warn, "DHCP", "no DHCP server runs on this host", "services.proxydhcp = true"));
  config.boot_service = false;  // files only, behind another server's options
  EXPECT_THAT(run(), Not(Contains(Field(&Finding::area, "DHCP"))));
}

TEST_F(CheckTest, ChoicesThatDoNotGoTogether) {
  config.unknown_uefi = policy::UnknownUefi::shim;
  EXPECT_THAT(run(), finding(Level::warn, "UEFI chain", "shim", "next-server"));
  config.unknown_uefi = policy::UnknownUefi::ipxe;
  config.http = false;
  EXPECT_THAT(run(), finding(Level::warn, "services", "fetches by HTTP, which is switched off"));
  config.boot_service = false;
  EXPECT_THAT(run(), finding(Level::warn, "services", "without the boot service"));
  config.tftp = false;
  EXPECT_THAT(run(), finding(Level::warn, "services", "fetch by TFTP, which is switched off"));
  config.tftp = true;
  config.tftp_port_range = {50000, 50009};
  EXPECT_THAT(run(), finding(Level::warn, "tftp.port_range", "holds 10 ports for up to 8192 transfers"));
}

TEST_F(CheckTest, HttpsAndItsCertificate) {
  EXPECT_THAT(run(), Not(Contains(Field(&Finding::area, "HTTPS"))));
  config.tls_port = 443;
  config.tls_certificate = "/c.pem";
  constexpr std::int64_t day = 86400;
  identity->valid_from = 20000 * day;  // 2024-10-04
  identity->valid_until = 20100 * day;
  now = 20050 * day;
  EXPECT_THAT(run(), finding(Level::ok, "HTTPS", "/c.pem is valid until 2025-01-12"));
  EXPECT_THAT(run(), finding(Level::ok, "port TCP 443", "free for HTTPS"));
  now = 20090 * day;
  EXPECT_THAT(run(), finding(Level::warn, "HTTPS", "expires on 2025-01-12, in 10 days", "renew"));
  now = 20100 * day;
  EXPECT_THAT(run(), finding(Level::warn, "HTTPS", "expired on 2025-01-12", "renew"));
  now = 19999 * day;
  EXPECT_THAT(run(), finding(Level::warn, "HTTPS", "is valid from 2024-10-04 on", "clock"));
  EXPECT_FALSE(any_failure(run()));
  identity = base::fail("/k.pem: not the key of /c.pem: name the one");
  EXPECT_THAT(run(), finding(Level::fail, "HTTPS", "/k.pem: not the key of /c.pem", "name the one"));
  holders = {{443, "nginx (pid 13)"}};
  EXPECT_THAT(run(), finding(Level::fail, "port TCP 443", "held by nginx (pid 13)", "http.tls_port"));
}

TEST_F(CheckTest, UserRightsAndFiles) {
  user = base::fail("user bootferry does not exist: useradd");
  EXPECT_THAT(run(), finding(Level::fail, "user", "does not exist"));
  config.user = "";
  EXPECT_THAT(run(), finding(Level::warn, "user", "stays who starts it"));
  machine.may_open_low_ports = [] { return false; };
  EXPECT_THAT(run(), finding(Level::warn, "rights", "below 1024"));
  problems = std::vector<std::string>{"x64/snponly.efi: package ipxe is not installed: apt install ipxe"};
  EXPECT_THAT(run(), finding(Level::fail, "files", "x64/snponly.efi: package ipxe is not installed",
                             "apt install ipxe"));
  problems = base::fail("state: Permission denied");
  EXPECT_THAT(run(), finding(Level::fail, "files", "Permission denied"));
}

}  // namespace
}  // namespace server
