// SPDX-License-Identifier: GPL-3.0-or-later
// What udp_test.cc shows of IPv4, for IPv6; both run on loopback.
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>

#include <array>
#include <cstring>
#include <vector>

#include "net/udp.h"
#include "net/udp_batch.h"

namespace net {
namespace {

const base::Ip home6 = base::Ip::parse("::1").value();
const base::Ip any6 = base::Ip::any(base::IpFamily::v6);

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

class UdpOverIPv6 : public testing::Test {
 protected:
  void SetUp() override {
    if (!speaks(base::IpFamily::v6) || !UdpSocket::bind({home6, 0})) GTEST_SKIP() << "no IPv6 here";
  }
  static UdpSocket bound(const base::Ip& address) { return std::move(UdpSocket::bind({address, 0}).value()); }
};

TEST_F(UdpOverIPv6, TellsWhereADatagramCameToAndAnswersFromThere) {
  UdpSocket server = bound(any6), client = bound(home6);
  ASSERT_TRUE(client.send(base::as_bytes("hello"), {home6, server.local_port()}, {}, 0));
  const auto requests = receive_all(server);
  ASSERT_EQ(requests.size(), 1u);
  const Datagram& meta = requests[0].meta;
  EXPECT_EQ(requests[0].text, "hello");
  EXPECT_EQ(meta.from, (base::Endpoint{home6, client.local_port()}));
  EXPECT_EQ(meta.to, home6);
  EXPECT_EQ(meta.local, home6);
  EXPECT_EQ(meta.interface, if_nametoindex("lo"));
  ASSERT_TRUE(server.send(base::as_bytes("answer"), meta.from, meta.local, meta.interface));
  const auto answers = receive_all(client);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].meta.from, (base::Endpoint{home6, server.local_port()}));
}

TEST_F(UdpOverIPv6, LeavesThePortToIPv4) {
  const UdpSocket v6 = bound(any6);
  EXPECT_TRUE(UdpSocket::bind({base::Ip::any(base::IpFamily::v4), v6.local_port()}));
  const auto taken = UdpSocket::bind({any6, v6.local_port()});
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().what.find("is taken by"), std::string::npos) << taken.error().what;
}

TEST_F(UdpOverIPv6, AConnectedSocketKnowsItsPathAndSendsAWindowAtOnce) {
  UdpSocket peer = bound(home6);
  auto transfer = UdpSocket::connect({home6, 0}, {home6, peer.local_port()}, if_nametoindex("lo"),
                                     PortRange{42'000, 42'099});
  ASSERT_TRUE(transfer) << transfer.error().what;
  EXPECT_TRUE(transfer->local_port() >= 42'000 && transfer->local_port() <= 42'099);
  EXPECT_GE(transfer->path_mtu(), 1280u);
  const std::array parts{part("1:"), part("aaaa"), part("2:"), part("bbbb"), part("3:"), part("c")};
  ASSERT_TRUE(transfer->send_parts(parts, 6)) << std::strerror(transfer->last_error());
  const auto got = receive_all(peer);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].text, "1:aaaa");
  EXPECT_EQ(got[2].text, "3:c");
}

TEST_F(UdpOverIPv6, BatchesLeaveFromTheAddressThatWasAsked) {
  UdpSocket server = bound(any6), client = bound(home6);
  UdpBatch batch(64);
  std::memcpy(batch.room().data(), "one", 3);
  batch.add(3, {{home6, client.local_port()}, home6, 0});
  EXPECT_EQ(batch.flush(server).count, 0u);
  const auto got = receive_all(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].text, "one");
  EXPECT_EQ(got[0].meta.from.address, home6);
}

TEST_F(UdpOverIPv6, AnAddressOfTheOtherFamilyIsAnErrorNotACrash) {
  UdpSocket v6 = bound(home6);
  EXPECT_FALSE(v6.send(base::as_bytes("x"), {base::Ipv4{{127, 0, 0, 1}}, 9}, {}, 0));
  EXPECT_FALSE(UdpSocket::connect({base::Ipv4{{127, 0, 0, 1}}, 0}, {home6, 9}, 0));
}

}  // namespace
}  // namespace net
