// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/loss_memory.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using session::LossMemory;

constexpr base::Ipv4 client{{192, 0, 2, 1}};
constexpr auto unlimited = LossMemory::unlimited;
const base::Time start{1h};

TEST(LossMemory, KnowsNothingAndLimitsNobody) {
  LossMemory memory;
  EXPECT_EQ(memory.window_for(client, start), unlimited);
  memory.ended(client, 16, 720, 0, start);
  EXPECT_EQ(memory.window_for(client, start), unlimited);
}

TEST(LossMemory, HalvesWhatATransferHadUntilFour) {
  struct {
    const char* name;
    std::uint16_t windowsize;
    std::uint64_t blocks, resent;
    std::uint16_t want;
  } const cases[] = {
      {"a queue of 16 and a window of 64", 64, 720, 2160, 32},
      {"a third of each window", 16, 720, 300, 8},
      {"1 % at random, 11 % sent again", 16, 720, 79, unlimited},
      {"one loss in a short file", 16, 20, 16, unlimited},
      {"odd", 9, 720, 300, 4},
      {"not under four", 5, 720, 300, 4},
      {"four stays", 4, 720, 300, unlimited},
      {"lock-step has nothing to halve", 1, 720, 300, unlimited},
      {"nothing was sent", 16, 0, 0, unlimited},
  };
  for (const auto& c : cases) {
    LossMemory memory;
    memory.ended(client, c.windowsize, c.blocks, c.resent, start);
    EXPECT_EQ(memory.window_for(client, start), c.want) << c.name;
    EXPECT_EQ(memory.window_for(base::Ipv4{{192, 0, 2, 2}}, start), unlimited) << c.name;
    EXPECT_EQ(memory.window_for(base::Ip::parse("2001:db8::c000:201").value(), start), unlimited) << c.name;
  }
}

TEST(LossMemory, CleanTransfersThatUsedTheLimitDoubleIt) {
  LossMemory memory;
  memory.ended(client, 64, 720, 5000, start);
  memory.ended(client, 32, 720, 2000, start);
  ASSERT_EQ(memory.window_for(client, start), 16);
  memory.ended(client, 4, 720, 0, start);    // the client asked for 4: says nothing about 16
  memory.ended(client, 16, 20, 0, start);    // too short to say anything
  memory.ended(client, 16, 720, 60, start);  // neither clean nor lossy
  EXPECT_EQ(memory.window_for(client, start), 16);
  memory.ended(client, 16, 720, 0, start);
  EXPECT_EQ(memory.window_for(client, start), 32);
  memory.ended(client, 32, 720, 0, start);
  memory.ended(client, 64, 720, 0, start);
  memory.ended(client, 128, 720, 0, start);
  EXPECT_EQ(memory.window_for(client, start), 256);
  memory.ended(client, 256, 720, 0, start);
  EXPECT_EQ(memory.window_for(client, start), unlimited);
}

TEST(LossMemory, MinutesDoubleItToo) {
  LossMemory memory;
  memory.ended(client, 16, 720, 300, start);
  EXPECT_EQ(memory.window_for(client, start + LossMemory::doubles_each - 1s), 8);
  EXPECT_EQ(memory.window_for(client, start + LossMemory::doubles_each), 16);
  EXPECT_EQ(memory.window_for(client, start + 5 * LossMemory::doubles_each), 256);
  EXPECT_EQ(memory.window_for(client, start + 6 * LossMemory::doubles_each), unlimited);
  EXPECT_EQ(memory.window_for(client, start + 24h), unlimited);
}

TEST(LossMemory, IsBounded) {
  LossMemory memory(2);
  for (std::uint8_t i = 1; i <= 3; ++i) memory.ended(base::Ipv4{{192, 0, 2, i}}, 16, 720, 300, start);
  EXPECT_EQ(memory.window_for(base::Ipv4{{192, 0, 2, 1}}, start), unlimited);
  EXPECT_EQ(memory.window_for(base::Ipv4{{192, 0, 2, 3}}, start), 8);
}

}  // namespace
