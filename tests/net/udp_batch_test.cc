// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/udp_batch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace net {
namespace {

const base::Ipv4 home = *base::Ipv4::parse("127.0.0.1");
const base::Ipv4 second_home = *base::Ipv4::parse("127.0.0.2");

struct Got {
  std::string text;
  base::Endpoint from;
};

std::vector<Got> receive_all(UdpSocket& socket) {
  std::vector<Got> all;
  pollfd wait{socket.fd(), POLLIN, 0};
  poll(&wait, 1, 2000);
  while (socket.receive([&](const Datagram& d) {
    all.push_back({std::string(base::as_text(d.bytes)), d.from});
  }) > 0) {
  }
  return all;
}

void add(UdpBatch& batch, std::string_view text, const Route& route) {
  std::memcpy(batch.room().data(), text.data(), text.size());
  batch.add(text.size(), route);
}

TEST(UdpBatch, LeavesInOrderFromTheAddressesGiven) {
  auto server = std::move(UdpSocket::bind({}).value());
  auto client = std::move(UdpSocket::bind({home, 0}).value());
  const base::Endpoint to{home, client.local_port()};
  UdpBatch batch(16);
  for (int round = 0; round < 2; ++round) {  // it is empty after a flush
    add(batch, "one", {to, home, 0});
    add(batch, "two, longer", {to, second_home, 0});
    add(batch, "", {to, {}, 0});
    EXPECT_EQ(batch.flush(server).count, 0u);
    const auto got = receive_all(client);
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].text, "one");
    EXPECT_EQ(got[0].from, (base::Endpoint{home, server.local_port()}));
    EXPECT_EQ(got[1].text, "two, longer");
    EXPECT_EQ(got[1].from, (base::Endpoint{second_home, server.local_port()}));
    EXPECT_EQ(got[2].text, "");
  }
}

TEST(UdpBatch, OneThatIsRefusedDoesNotStopTheOthers) {
  auto server = std::move(UdpSocket::bind({}).value());  // may not broadcast
  auto client = std::move(UdpSocket::bind({home, 0}).value());
  const base::Endpoint to{home, client.local_port()};
  UdpBatch batch(16);
  add(batch, "first", {to, home, 0});
  add(batch, "lost", {{base::Ipv4::broadcast(), 68}, {}, 0});
  add(batch, "last", {to, home, 0});
  const auto refused = batch.flush(server);
  EXPECT_EQ(refused.count, 1u);
  EXPECT_NE(refused.error, 0);
  EXPECT_EQ(refused.to, (base::Endpoint{base::Ipv4::broadcast(), 68}));
  EXPECT_EQ(receive_all(client).size(), 2u);
}

TEST(UdpBatch, HoldsABatchOfRequests) {
  UdpBatch batch(16);
  for (std::size_t i = 0; i < UdpBatch::capacity; ++i) {
    EXPECT_FALSE(batch.full());
    add(batch, "x", {{home, 9}, {}, 0});
  }
  EXPECT_TRUE(batch.full());
}

}  // namespace
}  // namespace net
