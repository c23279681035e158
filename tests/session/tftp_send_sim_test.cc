// SPDX-License-Identifier: GPL-3.0-or-later
// Whole transfers over bad links. Each is repeatable from the seed that a failure prints;
// BOOTFERRY_SEED=n runs all with other ones.
#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <tuple>

#include "tftp_sim.h"

namespace {

using namespace std::chrono_literals;
using sim::Client;
using sim::Habit;
using sim::Link;
using sim::Report;
using sim::Transfer;
using Numbers = std::initializer_list<std::uint16_t>;

std::uint64_t base_seed() {
  const char* text = std::getenv("BOOTFERRY_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 7440;
}

Client with(Habit habit) {
  Client client{.habit = habit};
  if (habit == Habit::edk2) client.timer = 4s;
  return client;
}

Report transfer(std::uint64_t size, std::uint16_t blksize, std::uint16_t windowsize, const Link& link,
                const Client& client, std::uint64_t seed) {
  return Transfer(size, {.blksize = blksize, .windowsize = windowsize, .oack = true}, link, client, seed)
      .run();
}

const Link clean{.name = "clean"};
const Link loss{.name = "loss", .loss = 0.01};
const Link heavy_loss{.name = "heavy_loss", .loss = 0.05};
const Link copies{.name = "copies", .copies = 0.02};
const Link late{.name = "late", .late = 0.02};
const Link mixed{.name = "mixed", .loss = 0.01, .copies = 0.01, .late = 0.01};
const Link slow{.name = "slow", .loss = 0.01, .bytes_per_second = 1.25e6};
const Link far_away{.name = "far_away", .loss = 0.01, .delay = 25ms, .jitter = 2ms};

// Every size, block size, window and kind of client over every link. The file of 32 MiB + 1
// wraps the block numbers at 512 and the megabyte at 8; 4 million blocks would show no more.
class Cross : public testing::TestWithParam<std::tuple<Link, Habit>> {};

TEST_P(Cross, ArrivesWholeAndWithoutStorm) {
  const auto& [link, habit] = GetParam();
  std::uint64_t seed = base_seed();
  for (const std::uint64_t size : {0U, 1U, 511U, 512U, 513U, 1U << 20, (32U << 20) + 1}) {
    for (const auto blksize : Numbers{8, 512, 1428, 1468, 65464}) {
      for (const auto windowsize : Numbers{1, 4, 5, 16, 64}) {
        if (blksize == 8 && size > 1U << 20) continue;
        // More than any negotiation grants, and 3 s long on this link.
        if (link.bytes_per_second > 0 && blksize * windowsize > 2 * 65464) continue;
        // A quarter of the longest under loss: they are there for the wrap.
        ++seed;
        if (size / blksize > 20'000 && link.name != "clean" && seed % 4 != 0) continue;
        SCOPED_TRACE("size " + std::to_string(size) + " blksize " + std::to_string(blksize) + " windowsize " +
                     std::to_string(windowsize) + " seed " + std::to_string(seed));
        const Report report = transfer(size, blksize, windowsize, link, with(habit), seed);
        ASSERT_TRUE(report.complete);
        ASSERT_FALSE(report.wrong);
        ASSERT_TRUE(report.server_content);
        // Going back resends up to a window for each loss; a storm would multiply without end.
        const std::uint64_t count = size / blksize + 1;
        ASSERT_LE(report.sent, 6 * count + 200);
        if (link.name == "clean") {
          ASSERT_EQ(report.sent, count);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Links, Cross,
                         testing::Combine(testing::Values(clean, loss, heavy_loss, copies, late, mixed, slow,
                                                          far_away),
                                          testing::Values(Habit::strict, Habit::edk2)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param).name +
                                  (std::get<1>(instance.param) == Habit::edk2 ? "_edk2" : "_strict");
                         });

// Sums over many transfers of a megabyte, as the numbers of one transfer are luck.
struct Sum {
  std::uint64_t blocks = 0, sent = 0, duplicates = 0, time_outs = 0, transfers = 0, failed = 0;
  [[nodiscard]] double duplicate_share() const {
    return static_cast<double>(duplicates) / static_cast<double>(blocks);
  }
};

Sum many(std::uint16_t windowsize, const Link& link, const Client& client, std::uint64_t transfers = 100) {
  Sum sum;
  for (std::uint64_t i = 0; i < transfers; ++i) {
    const Report report = transfer(1 << 20, 1428, windowsize, link, client, base_seed() + i);
    sum.blocks += (1 << 20) / 1428 + 1;
    sum.sent += report.sent;
    sum.duplicates += report.duplicates;
    sum.time_outs += report.time_outs;
    ++sum.transfers;
    if (!report.complete || !report.server_content) ++sum.failed;
  }
  return sum;
}

TEST(Duplicates, StayUnderThreePercentAtOnePercentLoss) {
  for (const Habit habit : {Habit::strict, Habit::edk2}) {
    for (const auto windowsize : Numbers{1, 4, 16, 64}) {
      for (const Link& link : {loss, far_away, slow}) {
        SCOPED_TRACE(link.name + " windowsize " + std::to_string(windowsize));
        const Sum sum = many(windowsize, link, with(habit), 50);
        EXPECT_EQ(sum.failed, 0U);
        EXPECT_LE(sum.duplicate_share(), 0.03);
      }
    }
  }
}

// A repeated datagram may cost a window once; it must cost no time-out, or EDK2 stops for
// one at each.
TEST(Duplicates, CopiesWithoutLossCostNoTimeOut) {
  for (const Habit habit : {Habit::strict, Habit::edk2}) {
    for (const auto windowsize : Numbers{1, 4, 16, 64}) {
      SCOPED_TRACE("windowsize " + std::to_string(windowsize));
      for (std::uint64_t i = 0; i < 50; ++i) {
        const Report report = transfer(1 << 20, 1428, windowsize, copies, with(habit), base_seed() + i);
        ASSERT_TRUE(report.complete);
        ASSERT_LT(report.took, 250ms) << "seed " << base_seed() + i;
        ASSERT_LE(report.sent, 2 * (report.sent - report.duplicates));
      }
    }
  }
}

TEST(Duplicates, SlowClientIsNotTakenForALossyOne) {
  for (const auto windowsize : Numbers{1, 4, 16}) {
    SCOPED_TRACE("windowsize " + std::to_string(windowsize));
    Client client = with(Habit::strict);
    client.per_block = 30ms;  // written to flash block by block
    const Report report = transfer(1 << 20, 1428, windowsize, clean, client, base_seed());
    EXPECT_TRUE(report.complete);
    EXPECT_LE(report.duplicates, 7U);  // 1 % of 735
  }
}

TEST(Loss, CostsMillisecondsAndNotSeconds) {
  std::uint64_t slow_ones = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Report report = transfer(1 << 20, 1428, 16, loss, with(Habit::edk2), base_seed() + i);
    if (report.took > 500ms) ++slow_ones;
  }
  EXPECT_LE(slow_ones, 10U);
}

TEST(Loss, TwentyPercentEndsOneWayOrTheOther) {
  const Link awful{.name = "awful", .loss = 0.2};
  for (const auto windowsize : Numbers{1, 4, 16}) {
    for (const Habit habit : {Habit::strict, Habit::edk2}) {
      for (std::uint64_t i = 0; i < 10; ++i) {
        const Report report = transfer(100'000, 1428, windowsize, awful, with(habit), base_seed() + i);
        EXPECT_FALSE(report.wrong);
        EXPECT_LE(report.sent, 40U * 71);
      }
    }
  }
}

TEST(Clients, OneThatAnswersNothingUnexpectedGetsThere) {
  for (const auto windowsize : Numbers{1, 4, 16}) {
    SCOPED_TRACE("windowsize " + std::to_string(windowsize));
    EXPECT_EQ(many(windowsize, loss, with(Habit::mute), 30).failed, 0U);
  }
}

TEST(Clients, OneThatVanishesIsForgotten) {
  for (const std::uint64_t at : {0U, 1U, 100U}) {
    Client client = with(Habit::edk2);
    client.vanishes_at = at;
    const Report report = transfer(1 << 20, 1428, 16, clean, client, base_seed());
    EXPECT_FALSE(report.complete);
    EXPECT_FALSE(report.server_content);
    EXPECT_LE(report.sent, 200U);
  }
}

}  // namespace
