// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_loops.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tftp_service_fixture.h"

namespace server {
namespace {

using tftp_test::ack;
using tftp_test::ClientSocket;
using tftp_test::rrq;

// Loops in threads: the client has to wait for real.
class TftpLoopsTest : public testing::Test {
 protected:
  void open(unsigned loops) {
    main_ = std::move(*net::Loop::open());
    TftpOptions options;
    options.listen = {tftp_test::loopback};
    options.port = 0;
    auto all = TftpLoops::open(*main_, options, loops, clients_, []() -> TftpService::Callbacks {
      return {[](const TftpRequestFacts&) { return TftpRendered{"four"}; }, {}};
    });
    ASSERT_TRUE(all) << all.error().what;
    all_ = std::move(*all);
    port_ = all_->port();
    all_->start();
    thread_ = std::thread([this] { main_->run(); });
  }
  ~TftpLoopsTest() override {
    main_->stop();
    thread_.join();
    all_.reset();
  }
  static std::optional<tftp_test::Reply> wait(const ClientSocket& client) {
    pollfd readable{client.fd(), POLLIN, 0};
    poll(&readable, 1, 2000);
    return client.receive();
  }

  std::unique_ptr<net::Loop> main_;
  TftpClients clients_{1000, 1000};
  std::unique_ptr<TftpLoops> all_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(TftpLoopsTest, EachClientIsServedAndNoLoopIsIdle) {
  open(2);
  constexpr unsigned count = 64;
  for (unsigned i = 0; i < count; ++i) {
    const ClientSocket client;
    client.send(rrq("f"), port_);
    const auto data = wait(client);
    ASSERT_TRUE(data);
    EXPECT_EQ(data->payload(), "four");
    client.send(ack(1), data->port);
  }
  TftpStatus status = all_->status();  // behind the last ACK, or just before it
  while (status.transfers > 0) status = all_->status();
  EXPECT_EQ(status.counters.received, count);
  EXPECT_EQ(status.counters.received, status.counters.accounted());
  EXPECT_EQ(status.counters.finished, count);
  EXPECT_EQ(status.transfers, 0u);
  ASSERT_EQ(status.octets_by_loop.size(), 2u);
  EXPECT_EQ(status.octets_by_loop[0] + status.octets_by_loop[1], count * 4);
  EXPECT_GT(status.octets_by_loop[0], 0u);
  EXPECT_GT(status.octets_by_loop[1], 0u);
}

// Sockets that share their port share it with a second server's, too.
TEST_F(TftpLoopsTest, ASecondServerFindsThePortTaken) {
  open(2);
  TftpOptions options;
  options.listen = {tftp_test::loopback};
  options.port = port_;
  const auto loop = std::move(*net::Loop::open());
  const auto second = TftpLoops::open(*loop, options, 2, clients_, [] { return TftpService::Callbacks{}; });
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find(std::to_string(port_)), std::string::npos) << second.error().what;
}

}  // namespace
}  // namespace server
