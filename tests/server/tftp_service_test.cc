// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tftp_service_fixture.h"

namespace {

using namespace tftp_test;
using namespace std::chrono_literals;
using server::TftpEventKind;
using server::TftpReason;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Service, SendsAFileBlockByBlockFromAPortOfItsOwn) {
  const std::string want = file("f", 1025);
  open();
  std::string got;
  auto reply = ask(client_, rrq("f"));
  ASSERT_TRUE(reply);
  const std::uint16_t tid = reply->port;
  EXPECT_NE(tid, service_->port());
  for (int block = 1; reply; ++block) {
    EXPECT_EQ(reply->opcode(), 3);
    EXPECT_EQ(reply->number(), block);
    EXPECT_EQ(reply->port, tid);
    got += reply->payload();
    reply = ask(client_, ack(static_cast<unsigned>(block)), tid);
  }
  EXPECT_EQ(got, want);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].kind, TftpEventKind::finished);
  EXPECT_TRUE(events_[0].confirmed);
  EXPECT_EQ(events_[0].acknowledged, 1025U);
  EXPECT_EQ(service_->transfers(), 0U);
}

TEST_F(Service, SendsAWindowOfRenderedText) {
  names_["menu"] = server::TftpRendered{std::string(5000, 'm')};
  open();
  const auto oack = ask(client_, rrq("menu", {"blksize", "1000", "windowsize", "4", "tsize", "0"}));
  ASSERT_TRUE(oack);
  EXPECT_EQ(oack->opcode(), 6);
  const std::string options = oack->bytes.substr(2);
  EXPECT_NE(options.find(std::string("tsize\0005000\0", 11)), std::string::npos);
  auto reply = ask(client_, ack(0), oack->port);
  for (int block = 1; block <= 4; ++block, reply = client_.receive()) {
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->number(), block);
    EXPECT_EQ(reply->payload().size(), 1000U);
  }
  EXPECT_FALSE(reply);
}

TEST_F(Service, AbsentFileIsAnErrorAtOnce) {
  open();
  const auto reply = ask(client_, rrq("revocations_sku.efi"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->opcode(), 5);
  EXPECT_EQ(reply->number(), 1);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::not_found));
}

TEST_F(Service, RefusalCarriesItsText) {
  names_["f"] = server::TftpRefused{"no deployment for this machine"};
  open();
  const auto reply = ask(client_, rrq("f"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->number(), 2);
  EXPECT_EQ(reply->payload(), std::string("no deployment for this machine") + '\0');
}

TEST_F(Service, UnservedRequestGetsNoAnswer) {
  names_["f"] = server::TftpUnserved{};
  open();
  EXPECT_FALSE(ask(client_, rrq("f")));
  EXPECT_EQ(service_->counters().unserved, 1U);
}

// dnsmasq acknowledges nothing here, atftpd answers with ACK 0.
TEST_F(Service, WriteAndTextModesAreErrors) {
  file("f", 1);
  open();
  EXPECT_EQ(ask(client_, rrq("f", {}, 2))->number(), 2);
  EXPECT_EQ(ask(client_, rrq("f", {}, 1, "netascii"))->number(), 0);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::write, TftpReason::not_octet));
}

// A FIFO stops dnsmasq for everybody; peers serve device nodes and directories as files.
TEST_F(Service, OnlyRegularFilesAreSent) {
  file("target", 10);
  ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(directory_ / "target", directory_ / "link");
  names_["fifo"] = server::TftpFileOnDisk{directory_ / "fifo"};
  names_["link"] = server::TftpFileOnDisk{directory_ / "link"};
  names_["directory"] = server::TftpFileOnDisk{directory_};
  names_["device"] = server::TftpFileOnDisk{"/dev/zero"};
  names_["gone"] = server::TftpFileOnDisk{directory_ / "gone"};
  open();
  for (const char* name : {"fifo", "link", "directory", "device", "gone"}) {
    const auto reply = ask(client_, rrq(name));
    ASSERT_TRUE(reply) << name;
    EXPECT_EQ(reply->opcode(), 5) << name;
    EXPECT_EQ(reply->number(), 1) << name;
  }
  EXPECT_EQ(service_->counters().unreadable, 5U);
}

TEST_F(Service, SizeProbeIsNoFailure) {
  file("f", 5000);
  open();
  for (const unsigned code : {0U, 8U}) {  // BIOS ROM, EDK2
    const auto oack = ask(client_, rrq("f", {"tsize", "0"}));
    ASSERT_TRUE(oack);
    EXPECT_FALSE(ask(client_, error(code), oack->port));
  }
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].kind, TftpEventKind::size_probe);
  EXPECT_EQ(events_[1].kind, TftpEventKind::size_probe);
  EXPECT_EQ(service_->transfers(), 0U);
}

TEST_F(Service, ErrorOfAClientInTheMiddleIsAFailureAndNotAnswered) {
  file("f", 5000);
  open();
  const auto data = ask(client_, rrq("f"));
  ask(client_, ack(1), data->port);
  EXPECT_FALSE(ask(client_, error(3), data->port));
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::client_error));
}

// A server that opened a second TID here would hang a client that saw the first answer.
TEST_F(Service, RepeatedRequestIsAnsweredFromTheSameTidUntilProgress) {
  file("f", 5000);
  open();
  const auto first = ask(client_, rrq("f"));
  const auto second = ask(client_, rrq("f"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->port, second->port);
  EXPECT_EQ(second->number(), 1);
  EXPECT_EQ(service_->transfers(), 1U);
  EXPECT_EQ(service_->counters().repeated, 1U);

  ask(client_, ack(1), first->port);
  const auto third = ask(client_, rrq("f"));
  ASSERT_TRUE(third);
  EXPECT_NE(third->port, first->port);
}

TEST_F(Service, LateCopyOfARequestDoesNotEndTheTransferUnderWay) {
  file("f", 5000);
  open();
  const auto first = ask(client_, rrq("f"));
  ask(client_, ack(1), first->port);
  ask(client_, rrq("f"));  // came late
  const auto next = ask(client_, ack(2), first->port);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->port, first->port);
  EXPECT_EQ(next->number(), 3);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(Service, TransferThatIsBegunAnewEndsTheOldOneOnceItProgresses) {
  file("f", 5000);
  open();
  const auto first = ask(client_, rrq("f"));
  ask(client_, ack(1), first->port);
  const auto anew = ask(client_, rrq("f"));
  EXPECT_EQ(service_->transfers(), 2U);
  EXPECT_EQ(ask(client_, ack(1), anew->port)->number(), 2);
  EXPECT_EQ(service_->transfers(), 1U);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::superseded));
}

TEST_F(Service, OtherRequestFromTheSamePortReplacesOneThatGotNowhere) {
  file("f", 5000);
  file("g", 5000);
  open();
  ask(client_, rrq("f", {"tsize", "0"}));
  ask(client_, rrq("g"));
  EXPECT_EQ(service_->transfers(), 1U);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::superseded));
}

TEST_F(Service, FileReplacedByRenameStaysAsItWas) {
  const std::string want = file("f", 1000);
  open();
  const auto data = ask(client_, rrq("f"));
  std::ofstream(directory_ / "new") << "other";
  std::filesystem::rename(directory_ / "new", directory_ / "f");
  const auto reply = ask(client_, ack(1), data->port);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload(), want.substr(512));
}

TEST_F(Service, ClientThatLeavesWithItsLastAckLostHasTheFile) {
  file("f", 600);
  open();
  const auto data = ask(client_, rrq("f"));
  ask(client_, ack(1), data->port);
  client_.close();
  settle(400ms);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].kind, TftpEventKind::finished);
  EXPECT_FALSE(events_[0].confirmed);
}

TEST_F(Service, ClientThatLeavesInTheMiddleIsForgotten) {
  file("f", 50'000);
  open();
  const auto data = ask(client_, rrq("f"));
  ask(client_, ack(1), data->port);
  ask(client_, ack(2), data->port);
  client_.close();
  settle(1500ms);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::client_gone));
  EXPECT_EQ(service_->transfers(), 0U);
}

TEST_F(Service, LostBlockComesAgainWithinTheTimer) {
  file("f", 5000);
  open();
  const auto first = ask(client_, rrq("f"));
  for (unsigned block = 1; block < 4; ++block) ask(client_, ack(block), first->port);
  settle(120ms);  // block 4 was read by ask(); now it comes once more
  const auto again = client_.receive();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->number(), 4);
}

TEST_F(Service, HalfOpenRequestsOfOneAddressAreBoundedInSilence) {
  file("f", 5000);
  max_per_address_ = 3;
  open();
  std::array<ClientSocket, 5> clients;
  for (const auto& client : clients) client.send(rrq("f"), service_->port());
  settle();
  EXPECT_EQ(service_->transfers(), 3U);
  EXPECT_EQ(service_->counters().client_limit, 2U);
  EXPECT_FALSE(clients[4].receive());
}

TEST_F(Service, TransfersStayInsideThePortRange) {
  file("f", 5000);
  options_.ports = net::PortRange{43210, 43213};
  open();
  EXPECT_EQ(ask(client_, rrq("absent"))->port, 43213);
  std::array<ClientSocket, 4> clients;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto reply = ask(clients[i], rrq("f"));
    ASSERT_TRUE(reply);
    EXPECT_GE(reply->port, 43210);
    EXPECT_LE(reply->port, 43212);
  }
  EXPECT_FALSE(ask(clients[3], rrq("f")));
  EXPECT_EQ(service_->counters().no_port, 1U);
}

// The ERROR loops of CVE-2024-2169, and what else must not be answered.
TEST_F(Service, EachDatagramIsCountedOnceAndNonRequestsGetNoAnswer) {
  file("f", 10);
  open();
  const std::vector<std::string> noise = {"",
                                          "\x01",
                                          std::string("\0\x09xx", 4),
                                          ack(0),
                                          error(5),
                                          two(3) + two(1) + "data",
                                          two(6) + std::string("blksize\0008\0", 10),
                                          two(1) + "no end",
                                          rrq("f", {}, 1, "binary"),
                                          rrq("f", {"blksize"}),
                                          rrq(std::string(2000, 'x')),
                                          std::string(6000, '\1')};
  for (const auto& bytes : noise) EXPECT_FALSE(ask(client_, bytes)) << bytes.size();
  EXPECT_EQ(service_->counters().received, noise.size());
  EXPECT_EQ(service_->counters().accounted(), noise.size());
  EXPECT_EQ(service_->counters().not_a_request, 4U);
  EXPECT_TRUE(ask(client_, rrq("f")));
}

TEST_F(Service, StrayPacketsOnATransferPortAreIgnored) {
  file("f", 5000);
  open();
  const auto data = ask(client_, rrq("f"));
  EXPECT_FALSE(ask(client_, rrq("f"), data->port));
  EXPECT_FALSE(ask(client_, "?", data->port));
  EXPECT_EQ(service_->counters().stray, 2U);
  EXPECT_EQ(ask(client_, ack(1), data->port)->number(), 2);
}

TEST_F(Service, LargestBlockOnLoopback) {
  const std::string want = file("f", 65464 + 10);
  open();
  const auto oack = ask(client_, rrq("f", {"blksize", "65464"}));
  ASSERT_TRUE(oack);
  const auto data = ask(client_, ack(0), oack->port);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->payload(), want.substr(0, 65464));
}

TEST_F(Service, SinglePortModeAnswersFromTheRequestPort) {
  const std::string want = file("f", 1025);
  options_.single_port = true;
  open();
  std::string got;
  const ClientSocket other;  // at the same time, on the same port
  const auto others = ask(other, rrq("f", {"windowsize", "4", "tsize", "0"}));
  ASSERT_TRUE(others);
  EXPECT_EQ(others->opcode(), 6);
  auto reply = ask(client_, rrq("f"));
  for (int block = 1; reply; ++block) {
    EXPECT_EQ(reply->port, service_->port());
    EXPECT_EQ(reply->number(), block);
    got += reply->payload();
    reply = ask(client_, ack(static_cast<unsigned>(block)));
  }
  EXPECT_EQ(got, want);
  auto windowed = ask(other, ack(0));
  for (int block = 1; block <= 3; ++block, windowed = other.receive()) {
    ASSERT_TRUE(windowed);
    EXPECT_EQ(windowed->number(), block);
    EXPECT_EQ(windowed->port, service_->port());
  }
  ask(other, ack(3));
  EXPECT_EQ(service_->transfers(), 0U);
  EXPECT_EQ(service_->counters().finished, 2U);
  EXPECT_EQ(service_->counters().of_transfers, 5U);
  // Nobody's ACK is nobody's, as ever.
  EXPECT_FALSE(ask(client_, ack(3)));
  EXPECT_EQ(service_->counters().not_a_request, 1U);
  EXPECT_EQ(service_->counters().accounted(), service_->counters().received);
}

TEST_F(Service, SinglePortModeGoesWithTheNewestRequest) {
  file("f", 5000);
  const std::string want = file("g", 700);
  options_.single_port = true;
  open();
  ask(client_, rrq("f"));
  ask(client_, ack(1));
  const auto reply = ask(client_, rrq("g"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload(), want.substr(0, 512));
  EXPECT_EQ(ask(client_, ack(1))->payload(), want.substr(512));
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::superseded));
}

// A machine whose port is used again while its old transfer lingers: the newer one may end first.
TEST_F(Service, AnOlderTransferOfAPortOutlivesTheNewer) {
  file("f", 5000);
  file("g", 5000);
  open();
  const auto old = ask(client_, rrq("f"));
  const auto next_block = ask(client_, ack(1), old->port);
  const auto newer = ask(client_, rrq("g", {"tsize", "0"}));
  ASSERT_TRUE(newer);
  ask(client_, error(0), newer->port);
  EXPECT_EQ(service_->transfers(), 1U);
  EXPECT_EQ(ask(client_, ack(2), old->port)->number(), 3);
  ask(client_, error(0), old->port);
  EXPECT_EQ(service_->transfers(), 0U);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::none, TftpReason::client_error));
}

// A client must not end with a file that never existed: half old, half new.
TEST_F(Service, AFileWrittenToWhileItIsSentEndsInAnError) {
  file("f", 1200);
  open();
  const auto first = ask(client_, rrq("f"));
  std::ofstream(directory_ / "f", std::ios::binary | std::ios::in).seekp(700) << "other bytes";
  const auto second = ask(client_, ack(1), first->port);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->opcode(), 3);
  const auto last = ask(client_, ack(2), first->port);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->opcode(), 5);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::file_changed));
}

TEST_F(Service, AFileCutShortWhileItIsSentEndsInAnErrorAndNotTheServer) {
  file("f", 40'000);
  open();
  const auto oack = ask(client_, rrq("f", {"blksize", "1400", "windowsize", "16"}));
  std::filesystem::resize_file(directory_ / "f", 100);
  const auto error_reply = ask(client_, ack(0), oack->port);
  ASSERT_TRUE(error_reply);
  EXPECT_EQ(error_reply->opcode(), 5);
  EXPECT_THAT(reasons(), ElementsAre(TftpReason::file_changed));
}

TEST_F(Service, AReplacedFileGoesOnAsItWas) {
  const std::string want = file("f", 1200);
  open();
  auto reply = ask(client_, rrq("f"));
  std::string got = reply->payload();
  std::ofstream(directory_ / "next", std::ios::binary) << std::string(9000, 'n');
  std::filesystem::rename(directory_ / "next", directory_ / "f");
  for (unsigned block = 1; block < 3; ++block) {
    const auto next = ask(client_, ack(block), reply->port);
    ASSERT_TRUE(next);
    got += next->payload();
  }
  EXPECT_EQ(got, want);
}

// Acknowledging what has not been sent yet must not bring it sooner, nor more of it at once.
TEST_F(Service, BlocksThatAreHeldBackCannotBeAcknowledged) {
  const server::TrafficLimits limits({{"lan", 1'000}}, {});
  options_.limits_of = [&](const base::Ip& client, unsigned) { return limits.of("lan", client); };
  file("f", 20'000);
  open();
  const auto first = ask(client_, rrq("f"));
  ASSERT_TRUE(first);
  ASSERT_EQ(first->number(), 1);
  for (unsigned block = 1; block < 20; ++block) EXPECT_FALSE(ask(client_, ack(block), first->port)) << block;
  EXPECT_EQ(service_->counters().blocks, 1U);
  EXPECT_EQ(service_->counters().held_back, 1U);
  EXPECT_EQ(service_->counters().useless_acks, 18U);
  service_.reset();  // before its limits
}

// 100 kB/s, of which two machines want as much as they can get.
TEST_F(Service, MachinesUnderOneLimitShareItAndLoseNothing) {
  const server::TrafficLimits limits({{"lan", 100'000}}, {});
  options_.limits_of = [&](const base::Ip& client, unsigned) { return limits.of("lan", client); };
  const std::string want = file("f", 8 * 1024 + 10);
  open();
  struct Machine {
    ClientSocket socket;
    std::string got;
    bool done = false;
  };
  std::array<Machine, 2> machines;
  const auto began = base::Clock::now();
  for (Machine& machine : machines) machine.socket.send(rrq("f", {"blksize", "1024"}), service_->port());
  while (base::Clock::now() < began + 5s && !(machines[0].done && machines[1].done)) {
    settle(1ms);
    for (Machine& machine : machines) {
      const auto reply = machine.socket.receive();
      if (!reply) continue;
      if (reply->opcode() == 3) {
        machine.got += reply->payload();
        machine.done = reply->payload().size() < 1024;
      }
      machine.socket.send(ack(reply->opcode() == 3 ? static_cast<unsigned>(reply->number()) : 0),
                          reply->port);
    }
  }
  // 16.4 kB at 100 kB/s.
  EXPECT_GT(base::Clock::now() - began, 150ms);
  settle();
  for (const Machine& machine : machines) EXPECT_EQ(machine.got, want);
  EXPECT_GT(service_->counters().held_back, 0U);
  EXPECT_EQ(service_->counters().resent_blocks, 0U);
  EXPECT_EQ(service_->counters().finished, 2U);
  service_.reset();  // before its limits
}

}  // namespace
