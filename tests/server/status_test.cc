// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/status.h"

#include <gmock/gmock.h>
#include <net/if.h>
#include <unistd.h>

#include <map>

#include "boot_network.h"
#include "net/loop.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: two machines and their site
using testing::Contains;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

const base::Ipv4 loopback{{127, 0, 0, 1}};

TEST(Services, AreListedAsTheyAreSwitchedOn) {
  Config all;
  Config beside_dhcp;
  beside_dhcp.proxydhcp = false;
  Config files;
  files.proxydhcp = files.boot_service = false;
  files.tftp_port = 6969;
  files.http_port = 8080;
  Config none = files;
  none.tftp = none.http = false;
  EXPECT_THAT(services_of(all),
              ElementsAre("UDP 67 proxyDHCP", "UDP 4011 boot service", "UDP 69 TFTP", "TCP 80 HTTP"));
  EXPECT_THAT(services_of(beside_dhcp), ElementsAre("UDP 4011 boot service", "UDP 69 TFTP", "TCP 80 HTTP"));
  EXPECT_THAT(services_of(files), ElementsAre("UDP 6969 TFTP", "TCP 8080 HTTP"));
  EXPECT_THAT(services_of(none), IsEmpty());
}

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    const unsigned lo = if_nametoindex("lo");
    auto other = interface(lo + 1, "eth1", elsewhere);
    other.up = false;
    auto served = interface(lo, "eth0", us);
    served.addresses.push_back({{{10, 0, 0, 2}}, 8});
    interfaces.update({served, other});
  }

  static std::optional<net::UdpSocket> socket() {
    return std::move(net::UdpSocket::bind({loopback, 0}).value());
  }
  void open(bool proxy = true, bool boot_service = true) {
    std::optional<net::UdpSocket> none;
    dhcp = std::make_unique<DhcpService>(
        *loop, proxy ? socket() : std::move(none), boot_service ? socket() : std::move(none),
        [this] { return site_; }, machines, interfaces);
    ASSERT_TRUE(dhcp->start());
  }
  void open_tftp() {
    TftpOptions options;
    options.listen = {loopback};
    options.port = 0;
    tftp = std::move(TftpService::open(*loop, options, clients,
                                       {[](const TftpRequestFacts& facts) -> TftpAnswer {
                                          if (facts.filename == "f") return TftpRendered{"text"};
                                          if (facts.filename == "elsewhere") return TftpUnserved{};
                                          return TftpMissing{};
                                        },
                                        {}})
                         .value());
  }
  void send(std::string_view bytes, std::uint16_t port) {
    ASSERT_TRUE(sender->send(base::as_bytes(bytes), {loopback, port}, {}, 0));
  }
  void settle() {
    loop->call_at(base::Clock::now() + std::chrono::milliseconds(10), [this] { loop->stop(); });
    loop->run();
  }
  [[nodiscard]] StatusReport status() const {
    if (!tftp) return status_of({config, 1234, interfaces, *dhcp});
    const TftpStatus now{tftp->counters(), tftp->kernel_drops(), tftp->transfers(), {}};
    return status_of({config, 1234, interfaces, *dhcp, &now});
  }
  // By name; each name is there once.
  [[nodiscard]] std::map<std::string, std::uint64_t> counters() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& [name, value] : status().counters) EXPECT_TRUE(all.emplace(name, value).second) << name;
    return all;
  }
  static std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& all, const std::string& prefix) {
    std::uint64_t sum = 0;
    for (const auto& [name, value] : all) sum += name.starts_with(prefix) ? value : 0;
    return sum;
  }

  Config config;
  std::unique_ptr<net::Loop> loop = std::move(net::Loop::open().value());
  std::shared_ptr<const site::Site> site_ = a_site();
  Machines machines{true};
  ServedInterfaces interfaces{{}};
  std::unique_ptr<DhcpService> dhcp;
  TftpClients clients;
  std::unique_ptr<TftpService> tftp;
  std::optional<net::UdpSocket> sender = socket();
};

TEST_F(StatusTest, SaysWhoAndWhere) {
  config.http = false;
  open();
  const StatusReport s = status();
  EXPECT_EQ(s.version, BOOTFERRY_VERSION);
  EXPECT_EQ(s.pid, getpid());
  EXPECT_EQ(s.started, 1234);
  EXPECT_THAT(s.interfaces, ElementsAre("eth0 198.51.100.2/24", "eth0 10.0.0.2/8"));
  EXPECT_EQ(s.services, services_of(config));
}

TEST_F(StatusTest, NotesSayWhatIsWrongAndHowOtherServersAre) {
  open();
  EXPECT_THAT(status().notes, IsEmpty());
  StatusSources sources{config, 1234, interfaces, *dhcp};
  BootServerHealth server{1, "wds", {{10, 0, 0, 2}}, "boot.0", false, std::nullopt, {}, {}};
  sources.boot_servers.push_back(server);
  server.dead = true;
  server.since = 0;
  server.tftp = {true, true, 3, "no answer"};
  server.boot_service = {true, false, 3, "nobody listens there"};
  sources.boot_servers.push_back(server);
  sources.degraded = site::Degraded{"bootferry.db is gone", 0};
  EXPECT_THAT(
      status_of(sources).notes,
      ElementsAre(testing::MatchesRegex("DEGRADED since 19(69|70)-.*: bootferry.db is gone"),
                  "server wds (10.0.0.2): is being asked",
                  testing::MatchesRegex("server wds \\(10.0.0.2\\): dead since 19(69|70)-.*: TFTP: no "
                                        "answer")))
      << "port 4011 of a server that never had one is no fault";
}

TEST_F(StatusTest, AServiceThatIsOffHasNoCounters) {
  open(false, true);
  auto all = counters();
  EXPECT_THAT(all, Contains(Pair("udp4011.received", 0)));
  EXPECT_EQ(all.count("udp67.received"), 0U);
  EXPECT_EQ(all.count("udp69.received"), 0U);
  EXPECT_EQ(all.count("tftp.finished"), 0U);
  open(true, false);
  all = counters();
  EXPECT_THAT(all, Contains(Pair("udp67.received", 0)));
  EXPECT_EQ(all.count("udp4011.received"), 0U);
}

TEST_F(StatusTest, EachDatagramIsReceivedAndOnceMoreUnderItsName) {
  open();
  open_tftp();
  for (int i = 0; i < 3; ++i) send("too short", dhcp->proxy()->local_port());
  send("too short", dhcp->boot_service()->local_port());
  const auto rrq = [](const std::string& name, const std::string& mode = "octet", char opcode = 1) {
    return std::string("\0", 1) + opcode + name + '\0' + mode + '\0';
  };
  for (const std::string& bytes :
       {rrq("f"), rrq("absent"), rrq("elsewhere"), rrq("f", "octet", 2), rrq("f", "mail"),
        std::string("\0\4\0\1", 4), std::string("\0", 1), std::string("\0\1f", 3)}) {
    send(bytes, tftp->port());
  }
  settle();
  auto all = counters();
  EXPECT_EQ(all["udp67.received"], 3U);
  EXPECT_EQ(all["udp67.in.too-short"], 3U);
  EXPECT_EQ(all["udp67.kernel-drops"], 0U);
  EXPECT_EQ(all["udp4011.received"], 1U);
  EXPECT_EQ(all["udp69.received"], 8U);
  for (const char* name : {"started", "not-found", "other-interface", "write", "not-octet", "not-a-request"})
    EXPECT_EQ(all[std::string("udp69.in.") + name], 1U) << name;
  EXPECT_EQ(all["tftp.under-way"], 1U);
  for (const std::string port : {"udp67", "udp4011", "udp69"})
    EXPECT_EQ(sum_of(all, port + ".in."), all[port + ".received"]) << port;
  EXPECT_THAT(all, Not(Contains(Key("udp67.in.offered")))) << "of names only those that occurred";
}

TEST_F(StatusTest, OtherInterfacesAreCountedByPort) {
  open();
  interfaces.update({});
  send("too short", dhcp->proxy()->local_port());
  settle();
  auto all = counters();
  EXPECT_EQ(all["udp67.in.other-interface"], 1U);
  EXPECT_EQ(all["udp4011.in.other-interface"], 0U);
  EXPECT_EQ(sum_of(all, "udp67.in."), all["udp67.received"]);
  EXPECT_THAT(status().interfaces, IsEmpty());
}

TEST_F(StatusTest, TransfersAreCountedWhenTheyEnd) {
  open();
  open_tftp();
  send(std::string("\0\1f\0octet\0", 10), tftp->port());
  settle();
  std::uint16_t transfer = 0;
  sender->receive([&](const net::Datagram& datagram) { transfer = datagram.from.port; });
  ASSERT_NE(transfer, 0);
  send(std::string("\0\4\0\1", 4), transfer);
  settle();
  auto all = counters();
  EXPECT_EQ(all["tftp.under-way"], 0U);
  EXPECT_EQ(all["tftp.finished"], 1U);
  EXPECT_EQ(all["tftp.octets"], 4U);
  EXPECT_EQ(all["tftp.blocks"], 1U);
}

}  // namespace
}  // namespace server
