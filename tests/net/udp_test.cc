// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/udp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "net/loop.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const base::Ipv4 home = *base::Ipv4::parse("127.0.0.1");
const base::Ipv4 second_home = *base::Ipv4::parse("127.0.0.2");

struct Seen {
  std::string text;
  Datagram meta;
};

std::vector<Seen> receive_all(UdpSocket& socket) {
  std::vector<Seen> result;
  pollfd wait{socket.fd(), POLLIN, 0};
  poll(&wait, 1, 2000);
  while (socket.receive([&](const Datagram& d) {
    result.push_back({std::string(base::as_text(d.bytes)), d});
  }) > 0) {
  }
  return result;
}

iovec part(const char* text) { return {const_cast<char*>(text), std::strlen(text)}; }

UdpSocket bound(base::Ipv4 address = home, const UdpOptions& options = {}) {
  return std::move(UdpSocket::bind({address, 0}, options).value());
}

TEST(Udp, TellsWhereADatagramCameToAndAnswersFromThere) {
  UdpSocket server = bound({});
  UdpSocket client = bound();
  ASSERT_TRUE(client.send(base::as_bytes("hello"), {second_home, server.local_port()}, {}, 0));
  const auto requests = receive_all(server);
  ASSERT_EQ(requests.size(), 1u);
  const Datagram& meta = requests[0].meta;
  EXPECT_EQ(requests[0].text, "hello");
  EXPECT_EQ(meta.from, (base::Endpoint{home, client.local_port()}));
  EXPECT_EQ(meta.to, second_home);
  EXPECT_EQ(meta.local, second_home);
  EXPECT_EQ(meta.interface, if_nametoindex("lo"));
  EXPECT_FALSE(meta.truncated);

  ASSERT_TRUE(server.send(base::as_bytes("answer"), meta.from, meta.local, meta.interface));
  const auto answers = receive_all(client);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].meta.from, (base::Endpoint{second_home, server.local_port()}));
}

TEST(Udp, ABatchIsABoundNotAPromise) {
  UdpSocket server = bound();
  UdpSocket client = bound();
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(client.send(base::as_bytes(text), {home, server.local_port()}, {}, 0));
  }
  std::vector<std::string> got;
  std::vector<std::size_t> batches;
  while (const std::size_t n =
             server.receive([&](const Datagram& d) { got.emplace_back(base::as_text(d.bytes)); })) {
    batches.push_back(n);
  }
  ASSERT_EQ(got.size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(got[i], std::to_string(i));
  EXPECT_EQ(batches, (std::vector<std::size_t>{32, 32, 32, 4}));
  EXPECT_EQ(server.last_error(), 0);
}

TEST(Udp, LongerThanAnyRequestIsFlagged) {
  UdpSocket server = bound();
  UdpSocket client = bound();
  for (const std::size_t size : {std::size_t{0}, UdpSocket::max_datagram, UdpSocket::max_datagram + 1}) {
    ASSERT_TRUE(client.send(base::Bytes(size, 7), {home, server.local_port()}, {}, 0));
  }
  const auto got = receive_all(server);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].text.size(), 0u);
  EXPECT_FALSE(got[1].meta.truncated);
  EXPECT_EQ(got[2].text.size(), UdpSocket::max_datagram);
  EXPECT_TRUE(got[2].meta.truncated);
}

TEST(Udp, TheHandlerMayDestroyTheSocket) {
  auto server = std::make_unique<UdpSocket>(bound());
  UdpSocket client = bound();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(client.send(base::as_bytes("x"), {home, server->local_port()}, {}, 0));
  int handled = 0;
  server->receive([&](const Datagram&) {
    server.reset();
    ++handled;
  });
  EXPECT_EQ(handled, 3);
}

TEST(Udp, CountsWhatTheKernelDropped) {
  UdpOptions small;
  small.receive_buffer = 8192;
  UdpSocket server = bound(home, small);
  UdpSocket client = bound();
  EXPECT_EQ(server.kernel_drops(), 0u);
  constexpr std::size_t sent = 500;
  for (std::size_t i = 0; i < sent; ++i) {
    ASSERT_TRUE(client.send(base::Bytes(500), {home, server.local_port()}, {}, 0));
  }
  const std::size_t received = receive_all(server).size();
  EXPECT_GT(server.kernel_drops(), 0u);
  EXPECT_EQ(received + server.kernel_drops(), sent);
}

TEST(Udp, ABurstOfAThousandFits) {
  UdpSocket server = bound();
  if (server.receive_buffer() < 4 << 20) GTEST_SKIP() << "no right to a large receive buffer here";
  UdpSocket client = bound();
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(client.send(base::Bytes(548), {home, server.local_port()}, {}, 0));
  EXPECT_EQ(receive_all(server).size(), 1000u);
  EXPECT_EQ(server.kernel_drops(), 0u);
}

TEST(UdpConnect, TalksToItsPeerAndNobodyElse) {
  UdpSocket peer = bound();
  UdpSocket stranger = bound();
  auto transfer = UdpSocket::connect({second_home, 0}, {home, peer.local_port()}, if_nametoindex("lo"));
  ASSERT_TRUE(transfer) << transfer.error().what;
  ASSERT_TRUE(stranger.send(base::as_bytes("spoof"), {second_home, transfer->local_port()}, {}, 0));
  ASSERT_TRUE(transfer->send_parts(std::array{part("head"), part("+body")}));
  const auto got = receive_all(peer);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].text, "head+body");
  EXPECT_EQ(got[0].meta.from, (base::Endpoint{second_home, transfer->local_port()}));
  ASSERT_TRUE(peer.send(base::as_bytes("ack"), got[0].meta.from, {}, 0));
  const auto answers = receive_all(*transfer);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].text, "ack");
}

TEST(UdpConnect, AWindowLeavesAtOnceAndArrivesAsDatagrams) {
  UdpSocket peer = bound();
  auto transfer = UdpSocket::connect({home, 0}, {home, peer.local_port()}, 0);
  ASSERT_TRUE(transfer);
  const std::array parts{part("1:"), part("aaaa"), part("2:"), part("bbbb"), part("3:"), part("c")};
  ASSERT_TRUE(transfer->send_parts(parts, 6)) << std::strerror(transfer->last_error());
  const auto got = receive_all(peer);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].text, "1:aaaa");
  EXPECT_EQ(got[1].text, "2:bbbb");
  EXPECT_EQ(got[2].text, "3:c");
}

// As a file's bytes are when somebody has cut the file: the call fails, the process lives.
TEST(UdpConnect, PartsThatAreNotThereAnyMoreAreAnError) {
  UdpSocket peer = bound();
  auto transfer = UdpSocket::connect({home, 0}, {home, peer.local_port()}, 0);
  ASSERT_TRUE(transfer);
  void* const gone = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(gone, MAP_FAILED);
  EXPECT_FALSE(transfer->send_parts(std::array{part("head"), iovec{gone, 4096}}));
  EXPECT_EQ(transfer->last_error(), EFAULT);
  munmap(gone, 4096);
}

TEST(UdpConnect, OneDatagramAtATime) {
  UdpSocket peer = bound();
  auto transfer = UdpSocket::connect({home, 0}, {home, peer.local_port()}, 0);
  ASSERT_TRUE(transfer);
  std::array<std::uint8_t, 4> buffer{};
  EXPECT_EQ(transfer->receive_one(buffer), std::nullopt);
  EXPECT_EQ(transfer->last_error(), 0);
  for (const char* text : {"one", "a long one"}) {
    ASSERT_TRUE(peer.send(base::as_bytes(text), {home, transfer->local_port()}, {}, 0));
  }
  EXPECT_EQ(transfer->receive_one(buffer), 3u);
  EXPECT_EQ(transfer->receive_one(buffer), 4u);
  EXPECT_EQ(base::as_text(buffer), "a lo");
}

TEST(UdpBind, SeveralSocketsOfOnePortShareItsClients) {
  UdpOptions options;
  options.reuse_port = true;
  auto one = UdpSocket::bind({home, 0}, options);
  ASSERT_TRUE(one);
  auto two = UdpSocket::bind({home, one->local_port()}, options);
  ASSERT_TRUE(two) << two.error().what;
  std::size_t sent = 0;
  for (; sent < 64; ++sent) {
    UdpSocket client = bound();
    ASSERT_TRUE(client.send(base::as_bytes("ask"), {home, one->local_port()}, {}, 0));
  }
  const std::size_t first = receive_all(*one).size();
  const std::size_t second = receive_all(*two).size();
  EXPECT_EQ(first + second, sent);
  EXPECT_GT(first, 0u);  // all in one socket: once in 2^63 runs
  EXPECT_GT(second, 0u);
}

TEST(UdpConnect, AClosedPortShowsAsAnErrorAndWakesTheLoop) {
  std::uint16_t closed_port = 0;
  { closed_port = bound().local_port(); }
  auto transfer = UdpSocket::connect({home, 0}, {home, closed_port}, 0);
  ASSERT_TRUE(transfer);
  const auto loop = std::move(Loop::open().value());
  int error = 0;
  ASSERT_TRUE(loop->watch(transfer->fd(), [&] {
    EXPECT_EQ(transfer->receive([](const Datagram&) { FAIL(); }), 0u);
    error = transfer->last_error();
    loop->stop();
  }));
  loop->call_at(loop->now() + 5s, [&] { loop->stop(); });
  ASSERT_TRUE(transfer->send(base::as_bytes("anyone?")));
  loop->run();
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_EQ(transfer->receive([](const Datagram&) {}), 0u);
  EXPECT_EQ(transfer->last_error(), 0) << "told once";
}

TEST(UdpConnect, StaysInsideThePortRangeAndSaysWhenItIsFull) {
  const PortRange ports{47100, 47103};
  std::vector<UdpSocket> transfers;
  for (int i = 0; i < 4; ++i) {
    auto one = UdpSocket::connect({home, 0}, {home, 9}, 0, ports);
    ASSERT_TRUE(one) << one.error().what;
    EXPECT_GE(one->local_port(), ports.first);
    EXPECT_LE(one->local_port(), ports.last);
    transfers.push_back(std::move(*one));
  }
  const auto full = UdpSocket::connect({home, 0}, {home, 9}, 0, ports);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().what, "all UDP ports from 47100 to 47103 are in use");
  EXPECT_FALSE(UdpSocket::connect({home, 0}, {home, 9}, 0, PortRange{9, 8}));
}

TEST(UdpConnect, AnInterfaceThatIsGoneIsAnError) {
  EXPECT_FALSE(UdpSocket::connect({home, 0}, {home, 9}, 0x7ffffff0));
}

TEST(UdpBind, ATakenPortNamesItsHolderAndTheWayOut) {
  const UdpSocket holder = bound();
  std::string comm;
  std::getline(std::ifstream("/proc/self/comm"), comm);
  const std::string who = comm + " (pid " + std::to_string(getpid()) + ")";
  EXPECT_EQ(holder_of_port(Protocol::udp, holder.local_port()), who);
  EXPECT_TRUE(port_in_use(Protocol::udp, holder.local_port()));

  UdpOptions options;
  options.service = "tftp";
  const auto second = UdpSocket::bind({home, holder.local_port()}, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what, "UDP port " + std::to_string(holder.local_port()) + " is taken by " + who +
                                     ": stop it or switch Bootferry's tftp off");
  const auto unnamed = UdpSocket::bind({home, holder.local_port()});
  EXPECT_THAT(unnamed.error().what, testing::EndsWith(": stop it"));
}

TEST(UdpBind, SharesThePortWhenBothWantTo) {
  UdpOptions sharing;
  sharing.reuse_address = true;
  const UdpSocket first = bound(home, sharing);
  EXPECT_TRUE(UdpSocket::bind({home, first.local_port()}, sharing));
  EXPECT_FALSE(UdpSocket::bind({home, first.local_port()}));
}

TEST(UdpBind, AnAddressThatIsNotOursIsSaid) {
  const auto result = UdpSocket::bind({*base::Ipv4::parse("192.0.2.1"), 0});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, HasSubstr("no interface of this machine has the address 192.0.2.1"));
}

TEST(HolderOfPort, AFreePortHasNone) {
  EXPECT_EQ(holder_of_port(Protocol::udp, 1), "another process");
  EXPECT_FALSE(port_in_use(Protocol::udp, 1));
}

TEST(UdpSend, ABroadcastNeedsTheOption) {
  UdpSocket quiet = bound({});
  const auto refused =
      quiet.send(base::as_bytes("x"), {base::Ipv4::broadcast(), 9}, {}, if_nametoindex("lo"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "send to 255.255.255.255:9: Permission denied");
  EXPECT_EQ(quiet.last_error(), EACCES);
}

}  // namespace
}  // namespace net
