// SPDX-License-Identifier: GPL-3.0-or-later
// Rules of TftpSend, one at a time. What they amount to under loss: tftp_send_sim_test.cc.
#include "session/tftp_send.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace session;

// A transfer with its clock. The client of a scripted test is the test.
struct Script {
  TftpSend send;
  base::Time now{1h};
  std::uint64_t taken = 0;

  explicit Script(std::uint64_t size, std::uint16_t windowsize = 1, bool oack = false)
      : send(size, {.blksize = 512, .windowsize = windowsize, .oack = oack || windowsize > 1}) {}

  Action start() { return send.start(now); }
  Action ack(std::uint64_t block, base::Duration after = 1ms) {
    now += after;
    return send.on_ack(static_cast<std::uint16_t>(block), now);
  }
  Action wait() {
    now = send.wake_at();
    return send.on_timeout(now);
  }
  // An established transfer: `windows` of them sent and acknowledged, one under way.
  void run_in(int windows) {
    start();
    if (send.terms().oack) ack(0);
    for (int i = 0; i < windows; ++i) {
      taken += send.terms().windowsize;
      ack(taken);
    }
  }
};

Action blocks(std::uint64_t first, std::uint32_t count, bool resend = false) {
  return SendBlocks{first, count, resend};
}

TEST(TftpSendShape, LastBlockIsShortAndMayBeEmpty) {
  struct {
    std::uint64_t size, blocks;
    std::uint16_t last;
  } const cases[] = {{0, 1, 0}, {1, 1, 1}, {511, 1, 511}, {512, 2, 0}, {513, 2, 1}, {1024, 3, 0}};
  for (const auto& c : cases) {
    const TftpSend send(c.size, {});
    EXPECT_EQ(send.block_count(), c.blocks) << c.size;
    EXPECT_EQ(send.block_size(c.blocks), c.last) << c.size;
  }
}

TEST(TftpSendLockStep, OneBlockPerAck) {
  Script s(1025);
  EXPECT_EQ(s.start(), blocks(1, 1));
  EXPECT_FALSE(s.send.progressed());
  EXPECT_EQ(s.ack(1), blocks(2, 1));
  EXPECT_EQ(s.ack(2), blocks(3, 1));
  EXPECT_TRUE(s.send.all_sent());
  EXPECT_EQ(s.ack(3), Action{Finished{}});
  EXPECT_EQ(s.send.wake_at(), base::Time::max());
  EXPECT_EQ(s.ack(3), Action{Nothing{}});
}

TEST(TftpSendLockStep, EmptyFileIsOneEmptyBlock) {
  Script s(0);
  EXPECT_EQ(s.start(), blocks(1, 1));
  EXPECT_EQ(s.ack(1), Action{Finished{}});
}

// RFC 1123 §4.2.3.1, Sorcerer's Apprentice; atftpd sends 92,000 blocks for 129.
TEST(TftpSendLockStep, AckSentTwiceIsAnsweredOnce) {
  Script s(1 << 20);
  s.run_in(3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(s.ack(3, 20ms), Action{Nothing{}});
}

TEST(TftpSendLockStep, AckOfTheFutureOrThePastIsIgnored) {
  Script s(1 << 20);
  s.run_in(3);
  EXPECT_EQ(s.ack(5), Action{Nothing{}});
  EXPECT_EQ(s.ack(2), Action{Nothing{}});
  EXPECT_EQ(s.ack(65535), Action{Nothing{}});
  EXPECT_EQ(s.ack(4), blocks(5, 1));
}

TEST(TftpSendLockStep, LostBlockIsResentByTheTimer) {
  Script s(1 << 20);
  s.run_in(10);
  EXPECT_EQ(s.wait(), blocks(11, 1, true));
  EXPECT_EQ(s.send.resent_blocks(), 1U);
  EXPECT_EQ(s.ack(11), blocks(12, 1));
}

TEST(TftpSendOack, IsAcknowledgedBeforeAnyData) {
  Script s(600, 1, true);
  EXPECT_EQ(s.start(), Action{SendOack{}});
  EXPECT_EQ(s.ack(1), Action{Nothing{}});
  EXPECT_FALSE(s.send.progressed());
  EXPECT_EQ(s.ack(0), blocks(1, 1));
  EXPECT_TRUE(s.send.progressed());
  EXPECT_EQ(s.ack(0), Action{Nothing{}});
}

TEST(TftpSendOack, WindowComesOnlyAfterAckZero) {
  Script s(1 << 20, 16);
  EXPECT_EQ(s.start(), Action{SendOack{}});
  EXPECT_EQ(s.ack(0), blocks(1, 16));
}

// 24 octets of a forged request must not aim a stream at somebody (peers: 22 to 150 times).
TEST(TftpSendSilence, UnprovenClientGetsOneSmallPacketThreeTimes) {
  for (const bool oack : {false, true}) {
    Script s(1 << 20, 1, oack);
    const Action first = s.start();
    int sent = 1;
    Action action = s.wait();
    for (; !std::holds_alternative<GaveUp>(action); action = s.wait(), ++sent) {
      EXPECT_EQ(action.index(), first.index());
    }
    EXPECT_EQ(sent, 3);
    EXPECT_EQ(action, Action{GaveUp{TransferEnd::timed_out}});
  }
}

TEST(TftpSendSilence, KnownClientMayPauseForSecondsAndCostsFewPackets) {
  Script s(1 << 20, 16);
  s.run_in(4);
  const base::Time silent_since = s.now;
  std::uint32_t sent = 0;
  for (Action action = s.wait(); !std::holds_alternative<GaveUp>(action); action = s.wait()) {
    ASSERT_TRUE(std::holds_alternative<SendBlocks>(action));
    sent += std::get<SendBlocks>(action).count;
  }
  EXPECT_GE(s.now - silent_since, 20s);
  EXPECT_LE(s.now - silent_since, 30s);
  EXPECT_LE(sent, 50U);  // atftpd: 384 to a client gone within a window of 64
}

TEST(TftpSendTimer, GrantedTimeoutIsKeptToTheLetter) {
  TftpSend send(1 << 20, {.blksize = 512, .windowsize = 1, .oack = true, .timeout = 3s});
  base::Time now{1h};
  send.start(now);
  EXPECT_EQ(send.wake_at(), now + 3s);
  send.on_ack(0, now);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(send.wake_at(), now + 3s);
    now = send.wake_at();
    EXPECT_EQ(send.on_timeout(now), blocks(1, 1, true));
  }
}

TEST(TftpSendTimer, AdaptsToTheClientAndBacksOff) {
  Script s(1 << 20);
  s.run_in(20);
  const base::Time sent_at = s.now;
  EXPECT_EQ(s.send.wake_at(), sent_at + 14ms);
  s.wait();
  EXPECT_EQ(s.send.wake_at(), s.now + 28ms);
}

TEST(TftpSendTimer, EarlyCallDoesNothing) {
  Script s(1 << 20);
  s.run_in(2);
  EXPECT_EQ(s.send.on_timeout(s.now), Action{Nothing{}});
}

TEST(TftpSendRepeatedRequest, IsAnsweredAgainUntilProgress) {
  Script plain(1 << 20);
  plain.start();
  EXPECT_EQ(plain.send.on_repeated_request(plain.now), blocks(1, 1, true));
  plain.ack(1);
  EXPECT_EQ(plain.send.on_repeated_request(plain.now), std::nullopt);

  Script options(1 << 20, 4);
  options.start();
  EXPECT_EQ(options.send.on_repeated_request(options.now), Action{SendOack{}});
  options.ack(0);
  EXPECT_EQ(options.send.on_repeated_request(options.now), std::nullopt);
}

TEST(TftpSendError, EndsIt) {
  Script s(1 << 20, 4);
  s.start();
  EXPECT_EQ(s.send.on_error(s.now), Action{GaveUp{TransferEnd::client_error}});
  EXPECT_EQ(s.ack(0), Action{Nothing{}});
  EXPECT_EQ(s.send.wake_at(), base::Time::max());
}

TEST(TftpSendWindow, GoesOnWhenTheWholeWindowIsAcknowledged) {
  Script s(512 * 10, 4);
  s.run_in(0);
  EXPECT_EQ(s.ack(4), blocks(5, 4));
  EXPECT_EQ(s.ack(8), blocks(9, 3));
  EXPECT_EQ(s.ack(11), Action{Finished{}});
}

TEST(TftpSendWindow, AckInsideResumesBehindIt) {  // RFC 7440 §4
  Script s(1 << 20, 4);
  s.run_in(3);
  EXPECT_EQ(s.ack(13), blocks(14, 4, true));
  EXPECT_EQ(s.send.resent_blocks(), 3U);
}

// EDK2 sends one for each unexpected block: 15 in a window of 16.
TEST(TftpSendWindow, AckRepeatedForEachBlockBehindAGapIsAnsweredOnce) {
  Script s(1 << 20, 16);
  s.run_in(3);
  EXPECT_EQ(s.ack(49), blocks(50, 16, true));
  for (int i = 0; i < 14; ++i) EXPECT_EQ(s.ack(49, 10us), Action{Nothing{}});
  EXPECT_EQ(s.ack(65), blocks(66, 16));
}

// Mtftp4Rrq.c counts its window afresh from an unexpected block: a server that stays at its
// old window end waits for an ACK that never comes, a time-out per duplicate.
TEST(TftpSendWindow, AckThatResendsNothingStillMovesTheWindowsEnd) {
  Script s(1 << 20, 4);
  s.run_in(3);
  ASSERT_EQ(s.ack(13), blocks(14, 4, true));
  EXPECT_EQ(s.ack(14, 200us), blocks(18, 1));
  EXPECT_EQ(s.ack(16, 200us), blocks(19, 2));
  EXPECT_EQ(s.ack(20), blocks(21, 4));
}

TEST(TftpSendWindow, AckTooSoonToAnswerTheNewestSendingResendsNothing) {
  Script s(1 << 20, 4);
  s.run_in(8);
  EXPECT_EQ(s.ack(32, 100us), Action{Nothing{}});  // the last one again, from the network
  EXPECT_EQ(s.ack(36, 900us), blocks(37, 4));
}

TEST(TftpSendWindow, ResendThatIsLostTooComesAgainWhenItsAnswersHaveSettled) {
  Script s(1 << 20, 4);
  s.run_in(8);
  const base::Time resent_at = s.now + 1ms;
  ASSERT_EQ(s.ack(33), blocks(34, 4, true));
  ASSERT_EQ(s.ack(33, 2ms), Action{Nothing{}});
  EXPECT_LE(s.send.wake_at() - resent_at, 10ms);  // and not the timer's 14 ms
  EXPECT_EQ(s.wait(), blocks(34, 4, true));
}

TEST(TftpSendWindow, SilenceIsAskedWithTheNewestBlockAlone) {
  Script s(1 << 20, 16);
  s.run_in(8);
  EXPECT_EQ(s.wait(), blocks(144, 1, true));
  EXPECT_EQ(s.ack(144), blocks(145, 16));  // only the ACK was lost
  EXPECT_EQ(s.wait(), blocks(160, 1, true));
  EXPECT_EQ(s.ack(144), blocks(145, 16, true));  // the window was
}

TEST(TftpSendWindow, SecondAnswerToABlockTheTimerRepeatedAsksForNothing) {
  Script s(1 << 20, 16);
  s.run_in(8);
  EXPECT_EQ(s.wait(), blocks(144, 1, true));  // too soon: the client was slow
  EXPECT_EQ(s.ack(144), blocks(145, 16));
  EXPECT_EQ(s.ack(144, 30ms), Action{Nothing{}});
  EXPECT_EQ(s.ack(150), blocks(151, 16, true));
}

TEST(TftpSendWindow, ClientThatAnswersNoLoneBlockGetsTheWindow) {
  Script s(1 << 20, 16);
  s.run_in(8);
  EXPECT_EQ(s.wait(), blocks(144, 1, true));
  EXPECT_EQ(s.wait(), blocks(129, 16, true));
}

TEST(TftpSendWrap, BlockNumbersGoFrom65535ToZero) {
  Script s(512 * 70'000, 1);
  s.start();
  for (std::uint64_t block = 1; block <= 70'000; ++block) ASSERT_EQ(s.ack(block), blocks(block + 1, 1));
  EXPECT_EQ(s.ack(70'001), Action{Finished{}});
  EXPECT_EQ(s.send.resent_blocks(), 0U);
}

TEST(TftpSendWrap, AckInsideAWindowThatStraddlesTheWrap) {
  Script s(512 * 70'000, 16);
  s.run_in(4095);  // 65520 acknowledged, 65521..65536 under way
  EXPECT_EQ(s.ack(65'530), blocks(65'531, 16, true));
  EXPECT_EQ(s.ack(65'546), blocks(65'547, 16));
  EXPECT_EQ(s.send.acknowledged(), 65'546U);
  EXPECT_EQ(s.ack(65'535), Action{Nothing{}});  // before the wrap: old
}

// A limit on the network kept the window back: its time counts from when it left.
TEST(TftpSend, HeldBackBlocksAreNotLost) {
  TftpSend transfer(512 * 100, {.blksize = 512, .windowsize = 4, .oack = true});
  base::Time now{1h};
  transfer.start(now);
  transfer.on_ack(0, now += 1ms);
  ASSERT_LT(transfer.wake_at(), now + 30s);
  transfer.left_late(now += 30s);
  EXPECT_GT(transfer.wake_at(), now);
  EXPECT_EQ(transfer.on_timeout(now), Action{Nothing{}});
  transfer.on_ack(4, now += 1ms);
  EXPECT_EQ(transfer.acknowledged(), 4U);
  EXPECT_LT(transfer.wake_at(), now + 1s) << "the half minute was no round trip";
  EXPECT_EQ(transfer.resent_blocks(), 0U);
}

}  // namespace
