// SPDX-License-Identifier: GPL-3.0-or-later
// The TFTP service over IPv6: loopback, and link-local addresses on wires of the test's own.
#include <net/if.h>
#include <sched.h>

#include <cstdlib>
#include <functional>
#include <thread>

#include "net/udp.h"
#include "tftp_service_fixture.h"

namespace tftp_test {
namespace {

using namespace std::chrono_literals;

base::Ip ip(const char* text) { return base::Ip::parse(text).value(); }
const base::Ip loopback6 = ip("::1");

class ServiceOverIPv6 : public Service {
 protected:
  ServiceOverIPv6() {
    if (!net::UdpSocket::bind({loopback6, 0})) skip_ = true;
    options_.listen = {loopback6};
  }
  void SetUp() override {
    if (skip_) GTEST_SKIP() << "no IPv6 here";
  }
  // Block by block, until one is short.
  std::string fetch(const ClientSocket& client, const std::string& name) {
    auto reply = ask(client, rrq(name));
    std::string got;
    while (reply && reply->opcode() == 3) {
      got += reply->payload();
      const bool last = reply->payload().size() < 512;
      reply = ask(client, ack(static_cast<unsigned>(reply->number())), reply->port);
      if (last) return got;
    }
    return "broken off after " + got;
  }
  bool skip_ = false;
};

TEST_F(ServiceOverIPv6, AFileFromAPortOfItsOwn) {
  const std::string want = file("f", 1300);
  open();
  const ClientSocket client({loopback6, 0});
  const auto first = ask(client, rrq("f"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->from.address, loopback6);
  EXPECT_NE(first->port, service_->port());
  EXPECT_EQ(fetch(ClientSocket({loopback6, 0}), "f"), want);
  EXPECT_EQ(events_.back().request.from.address, loopback6);
  EXPECT_EQ(events_.back().request.local, loopback6);
}

TEST_F(ServiceOverIPv6, BothFamiliesOnOnePort) {
  options_.listen = {loopback, loopback6};
  const std::string want = file("f", 1300);
  open();
  EXPECT_EQ(fetch(ClientSocket({loopback6, 0}), "f"), want);
  EXPECT_EQ(fetch(client_, "f"), want);
  const auto missing6 = ask(ClientSocket({loopback6, 0}), rrq("none")), missing4 = ask(client_, rrq("none"));
  ASSERT_TRUE(missing6 && missing4);
  EXPECT_EQ(missing6->opcode(), 5);
  EXPECT_EQ(missing4->opcode(), 5);
  EXPECT_EQ(service_->counters().finished, 2U);
  EXPECT_EQ(service_->counters().received, service_->counters().accounted());
}

TEST_F(ServiceOverIPv6, SinglePort) {
  options_.listen = {loopback, loopback6};
  options_.single_port = true;
  const std::string want = file("f", 1300);
  open();
  const ClientSocket client({loopback6, 0});
  const auto first = ask(client, rrq("f"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->port, service_->port());
  EXPECT_EQ(fetch(ClientSocket({loopback6, 0}), "f"), want);
  EXPECT_EQ(fetch(client_, "f"), want);
}

TEST_F(ServiceOverIPv6, PortRange) {
  options_.ports = net::PortRange{41'000, 41'009};
  const std::string want = file("f", 1300);
  open();
  const ClientSocket client({loopback6, 0});
  const auto first = ask(client, rrq("f"));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->port >= 41'000 && first->port <= 41'009) << first->port;
  const auto missing = ask(client, rrq("none"));
  ASSERT_TRUE(missing);
  EXPECT_TRUE(missing->port >= 41'000 && missing->port <= 41'009) << missing->port;
}

TEST_F(ServiceOverIPv6, AWindow) {
  const std::string want = file("f", 10 * 1024);
  open();
  const ClientSocket client({loopback6, 0});
  const auto oack = ask(client, rrq("f", {"blksize", "1024", "windowsize", "8"}));
  ASSERT_TRUE(oack);
  ASSERT_EQ(oack->opcode(), 6);
  auto data = ask(client, ack(0), oack->port);
  std::string got;
  for (unsigned block = 1; block <= 8; ++block) {
    ASSERT_TRUE(data) << block;
    ASSERT_EQ(data->number(), static_cast<int>(block));
    got += data->payload();
    data = client.receive();
  }
  EXPECT_EQ(got, want.substr(0, got.size()));
  EXPECT_EQ(service_->counters().send_errors, 0U);
}

// Two wires, each from `server` to `client`, in a network namespace that ends with its thread.
class ServiceOnLinks : public ServiceOverIPv6 {
 protected:
  static constexpr const char* links = R"(
    for n in 1 2; do
      ip link add server$n type veth peer name client$n
      for end in server$n client$n; do ip link set $end addrgenmode none up; done
      ip addr add fe80::$n/64 dev server$n nodad
      ip addr add fe80::c/64 dev client$n nodad
    done)";
  void on_links(const std::function<void()>& test) {
    const char* unable = nullptr;
    std::thread([&] {
      if (unshare(CLONE_NEWNET) != 0) {
        unable = "no right to make a network namespace here";
      } else if (std::system(("exec 2>/dev/null; set -e;" + std::string(links)).c_str()) != 0) {
        unable = "no veth pairs here";
      } else {
        options_.listen = {base::Ip::any(base::IpFamily::v6)};
        test();
        service_.reset();
      }
    }).join();
    if (unable != nullptr) GTEST_SKIP() << unable;
  }
  // The client of wire `n`, which has the same address on both.
  static std::unique_ptr<ClientSocket> client(int n, const char* server) {
    const unsigned scope = if_nametoindex(("client" + std::to_string(n)).c_str());
    return std::make_unique<ClientSocket>(base::Endpoint{ip("fe80::c"), 4000, scope},
                                          base::Endpoint{ip(server), 0, scope});
  }
};

TEST_F(ServiceOnLinks, LinkLocalClientsOfOneAddressAreTwo) {
  on_links([&] {
    const std::string want = file("f", 1300);
    open();
    const auto first = client(1, "fe80::1"), second = client(2, "fe80::2");
    const auto one = ask(*first, rrq("f")), two = ask(*second, rrq("f"));
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->from.address, ip("fe80::1"));
    EXPECT_EQ(two->from.address, ip("fe80::2"));
    EXPECT_EQ(service_->transfers(), 2U);
    for (const auto& [socket, reply] : {std::pair(first.get(), &one), std::pair(second.get(), &two)}) {
      std::string got = (*reply)->payload();
      for (unsigned block = 1; block < 3; ++block) {
        const auto next = ask(*socket, ack(block), (*reply)->port);
        ASSERT_TRUE(next);
        got += next->payload();
      }
      EXPECT_EQ(got, want);
      ask(*socket, ack(3), (*reply)->port);
    }
    EXPECT_EQ(service_->counters().finished, 2U);
    const auto missing = ask(*first, rrq("none"));
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->opcode(), 5);
    EXPECT_EQ(missing->from.address, ip("fe80::1"));
  });
}

TEST_F(ServiceOnLinks, LinkLocalInSinglePortMode) {
  on_links([&] {
    options_.single_port = true;
    file("f", 300);
    open();
    const auto first = client(1, "fe80::1");
    const auto reply = ask(*first, rrq("f"));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->port, service_->port());
    ask(*first, ack(1), reply->port);
    EXPECT_EQ(service_->counters().finished, 1U);
  });
}

TEST_F(ServiceOnLinks, WhoAsksAllNodesIsNotAnswered) {
  on_links([&] {
    file("f", 300);
    open();
    EXPECT_FALSE(ask(*client(1, "ff02::1"), rrq("f")));
    EXPECT_GE(service_->counters().to_group, 1U);  // on each interface of the group that hears it
    EXPECT_EQ(service_->counters().received, service_->counters().accounted());
  });
}

// 1280 octets: the least that an IPv6 link carries. Blocks are made to fit, and what is larger
// by agreement comes in fragments.
TEST_F(ServiceOnLinks, BlocksFitTheLink) {
  on_links([&] {
    ASSERT_EQ(std::system("ip link set server1 mtu 1280 && ip link set client1 mtu 1280"), 0);
    file("f", 20'000);
    open();
    const auto granted = ask(*client(1, "fe80::1"), rrq("f", {"blksize", "1468"}));
    ASSERT_TRUE(granted);
    EXPECT_NE(granted->bytes.find(std::string("blksize\0001228\0", 13)), std::string::npos);
    const auto wide = ask(*client(2, "fe80::2"), rrq("f", {"blksize", "1468"}));
    ASSERT_TRUE(wide);
    EXPECT_NE(wide->bytes.find(std::string("blksize\0001448\0", 13)), std::string::npos);
    service_.reset();

    options_.limits.allow_fragments = true;
    open();
    const auto first = client(1, "fe80::1");
    const auto large = ask(*first, rrq("f", {"blksize", "4000", "windowsize", "3"}));
    ASSERT_TRUE(large);
    auto data = ask(*first, ack(0), large->port);
    for (int block = 1; block <= 3; ++block) {
      ASSERT_TRUE(data) << block;
      EXPECT_EQ(data->number(), block);
      EXPECT_EQ(data->payload().size(), 4000U);
      data = first->receive();
    }
  });
}

}  // namespace
}  // namespace tftp_test
