// SPDX-License-Identifier: GPL-3.0-or-later
// UDP 67 and 4011 with real sockets. What is answered needs real addresses and ports, hence a
// network namespace; what is not comes over loopback.
#include "server/dhcp_service.h"

#include <gmock/gmock.h>
#include <net/if.h>
#include <poll.h>

#include <numeric>

#include "../net/fake_loop.h"
#include "../session/pxe_messages.h"
#include "boot_network.h"
#include "server/boot_files.h"

namespace server {
namespace {

using namespace boot_test;         // NOLINT: two machines and their site
using namespace session::testing;  // NOLINT: what machines send
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::Ipv4 loopback{{127, 0, 0, 1}}, dhcp_server{{198, 51, 100, 1}};

base::Bytes encoded(const Message& m) {
  base::Bytes bytes(wire::dhcp4::max_datagram);
  const auto size = wire::dhcp4::encode(m, bytes);
  EXPECT_TRUE(size);
  bytes.resize(size.value_or(0));
  return bytes;
}

bool readable(const net::UdpSocket& socket, int milliseconds) {
  pollfd wait{socket.fd(), POLLIN, 0};
  return ::poll(&wait, 1, milliseconds) == 1;
}

std::uint64_t accounted(const DhcpCounters& c) {
  return std::accumulate(c.by_name.begin(), c.by_name.end(), c.other_interface);
}

// «offered 2, too-short 1»
std::string in_words(const DhcpCounters& c) {
  std::string text;
  const auto add = [&](std::string_view name, std::uint64_t n) {
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, n);
  };
  add("other-interface", c.other_interface);
  for (std::size_t i = 0; i < c.by_name.size(); ++i) add(session::counter_name(i), c.by_name[i]);
  return text;
}

class DhcpServiceTest : public testing::Test {
 protected:
  // On loopback, on any ports.
  void open(bool proxy = true, bool boot_service = true) {
    open({loopback, 0}, {loopback, 0}, proxy, boot_service);
  }
  void open(base::Endpoint on_67, base::Endpoint on_4011, bool proxy = true, bool boot_service = true) {
    const auto socket = [](bool on, base::Endpoint at) -> std::optional<net::UdpSocket> {
      net::UdpOptions options;
      options.broadcast = true;
      if (!on) return std::nullopt;
      return std::move(net::UdpSocket::bind(at, options).value());
    };
    lo = if_nametoindex("lo");
    interfaces.update({interface(lo, "eth0", us)});
    service = std::make_unique<DhcpService>(
        loop, socket(proxy, on_67), socket(boot_service, on_4011), [this] { return site_; }, machines,
        interfaces);
    ASSERT_TRUE(service->start());
  }

  // Everything that has come is read.
  void settle(const net::UdpSocket& socket) {
    for (int wait = 1000; readable(socket, wait); wait = 0) ASSERT_TRUE(loop.make_readable(socket.fd()));
  }
  void send(base::ByteView bytes, const std::optional<net::UdpSocket>& to) {
    if (!sender) sender = std::move(net::UdpSocket::bind({loopback, 0}).value());
    ASSERT_TRUE(sender->send(bytes, {loopback, to->local_port()}, {}, 0));
    settle(*to);
  }
  void send(const Message& m, const std::optional<net::UdpSocket>& to) { send(encoded(m), to); }

  LogLines log;
  net::FakeLoop loop;
  std::shared_ptr<const site::Site> site_ = a_site();
  Machines machines{true};
  ServedInterfaces interfaces{{}};
  unsigned lo = 0;
  std::unique_ptr<DhcpService> service;
  std::optional<net::UdpSocket> sender;
};

Message takes_lease(Message m, base::Ipv4 address = here) {
  m.options.add_ip(opt::requested_address, address);
  m.options.add_ip(opt::server_id, dhcp_server);
  return m;
}

TEST_F(DhcpServiceTest, CountsEachDatagramOnceUnderOneName) {
  open();
  Message answer = edk2();
  answer.op = 2;
  Message plain = request(MessageType::discover);
  plain.options.add_text(opt::vendor_class, "MSFT 5.0");
  base::Bytes bad_cookie = encoded(edk2());
  bad_cookie[236] ^= 0xff;
  const struct {
    const char* want;
    base::Bytes bytes;
    bool on_4011 = false;
  } rows[] = {
      {"too-short", base::Bytes(100)},
      {"too-short", {}},
      {"too-long", base::Bytes(5000)},
      {"bad-cookie", bad_cookie},
      {"reply-not-request", encoded(answer)},
      {"not-network-boot", encoded(plain)},
      {"no-deployment", encoded(bios_rom(MessageType::discover, stranger))},
      {"overheard", encoded(takes_lease(edk2(MessageType::request)))},
      {"names-no-server", encoded(edk2(MessageType::request))},
      {"wrong-port", encoded(edk2()), true},
      {"bad-source", encoded(edk2(MessageType::request)), true},  // from 127.0.0.1
      {"too-short", base::Bytes(1), true},
  };
  std::array<std::uint64_t, 2> sent{};
  for (const auto& row : rows) {
    const DhcpCounters& counters = row.on_4011 ? service->boot_service_counters() : service->proxy_counters();
    const DhcpCounters before = counters;
    send(row.bytes, row.on_4011 ? service->boot_service() : service->proxy());
    ++sent.at(row.on_4011 ? 1 : 0);
    DhcpCounters gain;
    for (std::size_t i = 0; i < gain.by_name.size(); ++i)
      gain.by_name[i] = counters.by_name[i] - before.by_name[i];
    EXPECT_EQ(in_words(gain), std::string(row.want) + " 1");
    EXPECT_EQ(service->proxy_counters().received, sent[0]) << row.want;
    EXPECT_EQ(service->boot_service_counters().received, sent[1]) << row.want;
    EXPECT_EQ(accounted(counters), counters.received) << row.want;
  }
}

TEST_F(DhcpServiceTest, WhatCameElsewhereIsCountedAndForgotten) {
  open();
  interfaces.update({interface(lo + 1, "eth0", us)});
  send(takes_lease(edk2(MessageType::request)), service->proxy());
  send(base::Bytes(100), service->proxy());
  EXPECT_EQ(in_words(service->proxy_counters()), "other-interface 2");
  EXPECT_EQ(service->proxy_counters().received, 2U);
  machines.with([&](auto& bindings, auto&) { EXPECT_EQ(bindings.size(), 0U); });
  EXPECT_THAT(log.take(), IsEmpty());
  interfaces.update({interface(lo, "eth0", us)});
  send(takes_lease(edk2(MessageType::request)), service->proxy());
  EXPECT_EQ(in_words(service->proxy_counters()), "other-interface 2, overheard 1");
  machines.with([&](auto& bindings, auto&) { EXPECT_NE(bindings.who(here, lo, loop.now()), nullptr); });
}

TEST_F(DhcpServiceTest, AServiceThatIsOffHasNoSocket) {
  open(false, true);
  EXPECT_FALSE(service->proxy());
  ASSERT_TRUE(service->boot_service());
  send(base::Bytes(100), service->boot_service());
  EXPECT_EQ(in_words(service->boot_service_counters()), "too-short 1");
  const int fd = service->boot_service()->fd();
  EXPECT_TRUE(loop.watches(fd));
  service.reset();
  ASSERT_FALSE(loop.watches(fd)) << "the loop would call somebody who is gone";
  open(true, false);
  EXPECT_FALSE(service->boot_service());
  send(base::Bytes(100), service->proxy());
  EXPECT_EQ(in_words(service->proxy_counters()), "too-short 1");
}

// One machine boots, leaves, and the DHCP server gives its address to another one.
TEST_F(DhcpServiceTest, WhoTakesOverAnAddressGetsItsOwnFiles) {
  open();
  BootFiles files([this] { return site_; }, machines, false);
  const auto menu = [&](const char* name) {
    const BehindName found = files.find(name, {here, us, lo}, loop.now());
    const auto* text = std::get_if<TextBehindName>(&found);
    return text != nullptr ? text->about : std::holds_alternative<NameRefused>(found) ? "refused" : "none";
  };
  const char* by_mac_of_first = "bios/pxelinux.cfg/01-52-54-00-12-34-56";
  const char* by_address = "bios/pxelinux.cfg/default";
  EXPECT_EQ(menu(by_address), "pxelinux.cfg of an unknown machine: no-deployment");
  send(takes_lease(bios_rom(MessageType::request, first)), service->proxy());
  EXPECT_EQ(menu(by_address), "pxelinux.cfg of 52:54:00:12:34:56: boots debian");
  EXPECT_EQ(menu(by_mac_of_first), "pxelinux.cfg of 52:54:00:12:34:56: boots debian");
  send(takes_lease(bios_rom(MessageType::request, second)), service->proxy());
  EXPECT_EQ(menu(by_address), "pxelinux.cfg of 52:54:00:12:34:57: boots ubuntu");
  EXPECT_EQ(menu(by_mac_of_first), "refused");
  // An operating system's DHCP client counts as well.
  Message phone = takes_lease(request(MessageType::request, stranger));
  phone.options.add_text(opt::vendor_class, "android-dhcp-13");
  send(phone, service->proxy());
  EXPECT_EQ(menu(by_address), "pxelinux.cfg of 52:54:00:ff:ff:ff: no-deployment");
}

TEST_F(DhcpServiceTest, AFloodOfStrangersDoesNotFillTheLog) {
  open();
  const Message m = bios_rom(MessageType::discover, stranger);
  for (int i = 0; i < 200; ++i) send(m, service->proxy());
  const auto lines = log.take();
  ASSERT_THAT(lines, SizeIs(50));
  EXPECT_THAT(lines[0], HasSubstr("52:54:00:ff:ff:ff (bios-rom, bios) not served: no-deployment: "));
  EXPECT_EQ(in_words(service->proxy_counters()), "no-deployment 200") << "counters know them all";
  loop.advance(seconds(1));
  send(m, service->proxy());
  EXPECT_THAT(log.take(), ElementsAre("warning pxe: 150 lines left out: more than can be logged",
                                      HasSubstr("not served: no-deployment")));
}

TEST_F(DhcpServiceTest, WhatIsNoBootClientIsADebugLine) {
  open();
  send(base::Bytes(100), service->proxy());
  EXPECT_THAT(log.take(), IsEmpty());
  base::set_log_level(base::LogLevel::debug);
  send(base::Bytes(100), service->proxy());
  const auto lines = log.take();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("debug   pxe: port 67 from 127.0.0.1:"));
  EXPECT_THAT(lines[0], HasSubstr("malformed ("));
}

// --- answers, in a network of our own: the machine and we share its loopback ------------------------

class DhcpAnswersTest : public DhcpServiceTest {
 protected:
  void SetUp() override {
    network.emplace(
        "ip addr add 198.51.100.2/24 dev lo && ip addr add 198.51.100.77/24 dev lo && ip link set lo up");
    if (!network->there) GTEST_SKIP() << "no right to make a network namespace here";
    open({{}, 67}, {{}, 4011});
    net::UdpOptions options;
    options.broadcast = true;
    client = std::move(net::UdpSocket::bind({{}, 68}, options).value());
  }
  void TearDown() override {
    service.reset();
    client.reset();
  }

  void from_client(const Message& m, base::Ipv4 to, std::uint16_t port) {
    ASSERT_TRUE(client->send(encoded(m), {to, port}, here, lo));
    settle(port == 67 ? *service->proxy() : *service->boot_service());
  }
  void discover(const Message& m = edk2()) { from_client(m, us, 67); }
  void boot_request() {
    Message m = edk2(MessageType::request);
    m.ciaddr = here;
    from_client(m, us, 4011);
  }
  // «OFFER x64/snponly.efi from 198.51.100.2:67», all that have come.
  std::vector<std::string> answers() {
    std::vector<std::string> out;
    while (readable(*client, 0)) {
      client->receive([&](const net::Datagram& datagram) {
        const auto m = wire::dhcp4::decode(datagram.bytes);
        ASSERT_TRUE(m);
        out.push_back(fmt::format("{} {} from {}", m->type() == MessageType::offer ? "OFFER" : "ACK",
                                  m->file.view(), datagram.from.print()));
      });
    }
    return out;
  }
  // The one slot that there is.
  void another_loads() {
    machines.with_admission([&](auto& admission) {
      admission.set_bounds({1, {}});
      EXPECT_FALSE(admission.on_script(second, policy::ClientKind::ipxe, loop.now()));
    });
  }
  void another_is_done() {
    machines.with_admission([](auto& admission) { admission.on_image_sent(second); });
  }
  void loader_sent() {
    machines.with([&](auto&, auto& attempts) {
      static_cast<void>(
          attempts.on_loader_sent(first, "x64/snponly.efi", session::Transport::tftp, loop.now()));
    });
  }

  std::optional<OwnNetwork> network;  // ends after the sockets in it
  std::optional<net::UdpSocket> client;
};

// iPXE and EDK2 look at the source port.
TEST_F(DhcpAnswersTest, AnAnswerLeavesFromThePortThatWasAsked) {
  discover();
  EXPECT_THAT(answers(), ElementsAre("OFFER x64/snponly.efi from 198.51.100.2:67"));
  boot_request();
  EXPECT_THAT(answers(), ElementsAre("ACK x64/snponly.efi from 198.51.100.2:4011"));
  EXPECT_EQ(in_words(service->proxy_counters()), "offered 1");
  EXPECT_EQ(in_words(service->boot_service_counters()), "acknowledged 1");
  EXPECT_THAT(
      log.take(),
      ElementsAre("info    pxe: 52:54:00:12:34:56 (uefi-pxe, x64) DISCOVER answered by an OFFER: boots "
                  "debian, loader x64/snponly.efi",
                  "info    pxe: 52:54:00:12:34:56 (uefi-pxe, x64) request on 4011 acknowledged: boots "
                  "debian, loader x64/snponly.efi"));
}

TEST_F(DhcpAnswersTest, AHeldDiscoverIsAnsweredWhenItsTurnComes) {
  another_loads();
  discover();
  service->answer_held();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_THAT(log.take(), ElementsAre("info    pxe: 52:54:00:12:34:56 (uefi-pxe, x64) held back: 1 machine "
                                      "is loading; this one is number 1 in the queue"));
  another_is_done();
  service->answer_held();
  EXPECT_THAT(answers(), ElementsAre("OFFER x64/snponly.efi from 198.51.100.2:67"));
  service->answer_held();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_EQ(in_words(service->proxy_counters()), "held 1");
  EXPECT_EQ(service->proxy_counters().late_offers, 1U);
  boot_request();
  EXPECT_THAT(answers(), ElementsAre("ACK x64/snponly.efi from 198.51.100.2:4011"));
}

TEST_F(DhcpAnswersTest, AHeldDiscoverIsNotAnsweredWhenNobodyListensAnyMore) {
  another_loads();
  discover();
  loop.advance(seconds(16));
  another_is_done();
  service->answer_held();
  EXPECT_THAT(answers(), IsEmpty());
  discover();
  EXPECT_THAT(answers(), SizeIs(1)) << "it has asked again";
}

TEST_F(DhcpAnswersTest, ABootRequestIsNeverHeld) {
  another_loads();
  boot_request();
  EXPECT_THAT(answers(), SizeIs(1));
}

TEST_F(DhcpAnswersTest, ABroadcastDiscoverIsAnsweredFromOurAddressThere) {
  from_client(edk2(), base::Ipv4::broadcast(), 67);
  // Our own broadcast comes back to the client's port as well as to ours.
  EXPECT_THAT(answers(), ElementsAre("OFFER x64/snponly.efi from 198.51.100.2:67"));
}

TEST_F(DhcpAnswersTest, NobodyIsAnsweredOnAnInterfaceThatIsNotServed) {
  interfaces.update({interface(lo + 1, "eth0", us)});
  discover();
  boot_request();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_EQ(in_words(service->proxy_counters()), "other-interface 1");
  EXPECT_EQ(in_words(service->boot_service_counters()), "other-interface 1");
  machines.with([&](auto& bindings, auto&) { EXPECT_EQ(bindings.size(), 0U); });
  interfaces.update({interface(lo, "eth0", us)});
  discover();
  boot_request();
  EXPECT_THAT(answers(), SizeIs(2));
}

TEST_F(DhcpAnswersTest, AStrangerIsNotAnswered) {
  discover(bios_rom(MessageType::discover, stranger));
  EXPECT_THAT(answers(), IsEmpty());
  site_ = a_site(true);
  discover(bios_rom(MessageType::discover, stranger));
  EXPECT_THAT(answers(), ElementsAre("OFFER bios/pxelinux.0 from 198.51.100.2:67")) << "now for all";
  EXPECT_EQ(in_words(service->proxy_counters()), "offered 1, no-deployment 1");
}

TEST_F(DhcpAnswersTest, TheBootServiceLearnsWhoHasWhichAddress) {
  boot_request();
  machines.with([&](auto& bindings, auto&) {
    const session::Binding* binding = bindings.who(here, lo, loop.now());
    ASSERT_NE(binding, nullptr);
    EXPECT_EQ(binding->facts.mac, first);
    EXPECT_EQ(binding->from, session::LearnedFrom::boot_service);
  });
}

TEST_F(DhcpAnswersTest, WhoComesBackForTheLoaderItJustGotFindsNobody) {
  discover();
  loader_sent();
  loop.advance(seconds(2));
  discover();
  EXPECT_THAT(answers(), SizeIs(2)) << "once more it may";
  loader_sent();
  loop.advance(seconds(2));
  discover();
  boot_request();
  EXPECT_THAT(answers(), IsEmpty());
  EXPECT_EQ(in_words(service->proxy_counters()), "offered 2, boot-loop 1");
  EXPECT_EQ(in_words(service->boot_service_counters()), "boot-loop 1");
  loop.advance(seconds(60));
  discover();
  EXPECT_THAT(answers(), SizeIs(1));
}

// A relay that cannot be reached, on a server that logs warnings only.
TEST_F(DhcpAnswersTest, AnswersThatCannotBeSentAreSaidAndBounded) {
  base::set_log_level(base::LogLevel::warning);
  Message m = edk2();
  m.giaddr = {{203, 0, 113, 1}};
  for (int i = 0; i < 60; ++i) discover(m);
  const auto lines = log.take();
  ASSERT_THAT(lines, SizeIs(50));
  EXPECT_THAT(lines[0], HasSubstr("warning pxe: 1 answers not sent, the last to 203.0.113.1:67: "));
  loop.advance(seconds(1));
  discover(m);
  EXPECT_THAT(log.take(), ElementsAre("warning pxe: 10 lines left out: more than can be logged",
                                      HasSubstr("1 answers not sent")));
  EXPECT_EQ(service->proxy_counters().received, accounted(service->proxy_counters()));
}

}  // namespace
}  // namespace server
