// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_clients.h"

#include <gtest/gtest.h>

namespace server {
namespace {

const base::Ipv4 one{{10, 0, 0, 1}};
const base::Ipv4 two{{10, 0, 0, 2}};
const base::Time now{std::chrono::hours(1)};

TEST(TftpClients, AreBoundedByAddressAndInAll) {
  TftpClients clients(3, 2);
  EXPECT_EQ(clients.admit(one, 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(one, 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(one, 1, now).refused, TftpReason::client_limit);
  EXPECT_EQ(clients.admit(two, 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(two, 1, now).refused, TftpReason::total_limit);
  clients.leave(one, 1);
  EXPECT_EQ(clients.admit(two, 1, now).refused, TftpReason::none);
}

// A classroom shares its /64.
TEST(TftpClients, OverIPv6AClientIsAnAddress) {
  TftpClients clients(3, 1);
  const auto ip = [](const char* text) { return base::Ip::parse(text).value(); };
  EXPECT_EQ(clients.admit(ip("2001:db8::1"), 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(ip("2001:db8::1"), 1, now).refused, TftpReason::client_limit);
  EXPECT_EQ(clients.admit(ip("2001:db8::2"), 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(one, 1, now).refused, TftpReason::none);
  EXPECT_EQ(clients.admit(ip("2001:db8::3"), 1, now).refused, TftpReason::total_limit);
}

TEST(TftpClients, ShareWhatMayBeUnderWayOnAnInterface) {
  TftpClients clients;
  EXPECT_EQ(clients.admit(one, 1, now).max_in_flight, TftpClients::most_in_flight);
  EXPECT_EQ(clients.admit(two, 1, now).max_in_flight, TftpClients::most_in_flight / 2);
  EXPECT_EQ(clients.admit(two, 7, now).max_in_flight, TftpClients::most_in_flight) << "another interface";
  clients.leave(one, 1);
  EXPECT_EQ(clients.admit(one, 1, now).max_in_flight, TftpClients::most_in_flight / 2);
}

TEST(TftpClients, WhoLosesGetsSmallerWindows) {
  TftpClients clients;
  EXPECT_GE(clients.admit(one, 1, now).max_windowsize, 64);
  session::TftpTerms terms;
  terms.windowsize = 16;
  terms.oack = true;
  session::TftpSend transfer(512 * 100, terms);
  transfer.start(now);
  transfer.on_ack(0, now);
  auto later = now;
  for (std::uint16_t acked = 8; acked < 96; acked = static_cast<std::uint16_t>(acked + 8)) {
    later += std::chrono::milliseconds(1);
    transfer.on_ack(acked, later);  // half of each window is lost,
    for (int i = 0; i < 3; ++i) transfer.on_timeout(later = transfer.wake_at());  // and what follows
  }
  ASSERT_GT(transfer.resent_blocks(), 0u);
  clients.leave(one, 1, transfer, later);
  EXPECT_LT(clients.admit(one, 1, later).max_windowsize, 16);
  EXPECT_GE(clients.admit(two, 1, later).max_windowsize, 64) << "somebody else's";
}

}  // namespace
}  // namespace server
