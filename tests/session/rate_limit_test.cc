// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/rate_limit.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <deque>
#include <numeric>
#include <queue>
#include <random>
#include <thread>
#include <vector>

namespace session {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Time start{std::chrono::hours(1)};

TEST(RateLimit, GrantsAtOnceWhatTheLimitAllows) {
  RateLimit limit(1'000'000);
  RateLimit::Turn one, two;
  EXPECT_EQ(limit.ask(one, 20'000, start), start);
  const base::Time when = limit.ask(two, 20'000, start);
  EXPECT_EQ(when, start + milliseconds(20) - RateLimit::burst);
  EXPECT_EQ(limit.waiting(), 1U);
  EXPECT_EQ(limit.ask(two, 20'000, when), when);
  EXPECT_EQ(limit.waiting(), 0U);
}

TEST(RateLimit, AnIdleHourIsNotMadeUpFor) {
  RateLimit limit(1'000'000);
  RateLimit::Turn turn;
  limit.ask(turn, 1'000, start - std::chrono::hours(1));
  int at_once = 0;
  while (limit.ask(turn, 1'000, start) <= start) ++at_once;
  EXPECT_EQ(at_once, 1 + RateLimit::burst / milliseconds(1));
}

TEST(RateLimit, NothingIsReservedAhead) {
  RateLimit limit(1'000'000);
  {
    std::deque<RateLimit::Turn> crowd(1000);
    for (RateLimit::Turn& turn : crowd) limit.ask(turn, 64'000, start);
    EXPECT_EQ(limit.waiting(), 999U);
    crowd.resize(500);
    EXPECT_EQ(limit.waiting(), 499U);
  }
  EXPECT_EQ(limit.waiting(), 0U);
  RateLimit::Turn turn;
  const base::Time then = start + milliseconds(64);  // the one that was granted
  EXPECT_EQ(limit.ask(turn, 64'000, then), then);
}

TEST(RateLimit, WhatIsGivenBackIsThereForTheNext) {
  RateLimit limit(1'000'000);
  RateLimit::Turn one, two;
  EXPECT_EQ(limit.ask(one, 500'000, start), start);
  EXPECT_GT(limit.ask(two, 1'000, start), start);
  limit.give_back(500'000);
  EXPECT_EQ(limit.ask(two, 1'000, start), start);
}

TEST(RateLimit, WhoDoesNotComeIsNotWaitedForLong) {
  RateLimit limit(1'000'000);
  RateLimit::Turn first, late, punctual;
  limit.ask(first, 100'000, start);
  const base::Time its_time = limit.ask(late, 100'000, start);
  limit.ask(punctual, 100'000, start);
  EXPECT_GT(limit.ask(punctual, 100'000, its_time), its_time) << "somebody stands before it";
  const base::Time then = its_time + RateLimit::grace + microseconds(1);
  EXPECT_EQ(limit.ask(punctual, 100'000, then), then);
  EXPECT_GT(limit.ask(late, 100'000, then), then) << "nothing is sent twice as fast for that";
}

// Clients in simulated time. Each sends what it is granted, is answered after a round trip and
// asks for the next window; a client's own loop may be late.
class Crowd {
 public:
  struct Client {
    Client(std::size_t octets, base::Duration time) : window(octets), round_trip(time) {}
    std::size_t window;
    base::Duration round_trip;
    RateLimit::Turn turn;
    std::uint64_t sent = 0;
    bool there = true;
  };
  explicit Crowd(std::uint64_t rate, unsigned seed = 1) : limit(rate), dice_(seed) {}

  void add(std::size_t how_many, std::size_t window, base::Duration round_trip, base::Duration within = {}) {
    for (std::size_t i = 0; i < how_many; ++i) {
      clients.emplace_back(window, round_trip);
      const base::Duration joins = within * static_cast<base::Duration::rep>(i) / static_cast<int>(how_many);
      events_.emplace(now_ + joins, &clients.back());
    }
  }
  void run_until(base::Time end) {
    while (!events_.empty() && events_.top().first < end) {
      const auto [when, client] = events_.top();
      events_.pop();
      now_ = when;
      if (!client->there) continue;
      ++asked;
      const base::Time answer = limit.ask(client->turn, client->window, now_);
      if (answer > now_) {
        events_.emplace(answer + late(), client);
        continue;
      }
      client->sent += client->window;
      const auto slot = static_cast<std::size_t>((now_ - start) / milliseconds(10));
      by_hundredth_.resize(std::max(by_hundredth_.size(), slot + 101));
      by_hundredth_[slot] += client->window;
      ++granted;
      events_.emplace(now_ + client->round_trip + late(), client);
    }
    now_ = end;
  }
  void abandon(Client& client) {
    client.there = false;
    client.turn.cancel();
  }
  // Octets of the second that begins then, as a share of the limit.
  [[nodiscard]] double second_from(base::Time begin) const {
    const auto first = by_hundredth_.begin() + (begin - start) / milliseconds(10);
    return static_cast<double>(std::accumulate(first, first + 100, std::uint64_t{})) /
           static_cast<double>(limit.octets_per_second());
  }
  void expect_rate(base::Time begin, base::Time end) const {
    for (base::Time t = begin; t + seconds(1) <= end; t += milliseconds(50)) {
      EXPECT_NEAR(second_from(t), 1.0, 0.05) << (t - start) / milliseconds(1) << " ms";
    }
  }

  RateLimit limit;
  std::deque<Client> clients;
  std::uint64_t asked = 0, granted = 0;

 private:
  using Event = std::pair<base::Time, Client*>;
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return a.first > b.first; }
  };
  base::Duration late() { return microseconds(std::uniform_int_distribution<int>(0, 1000)(dice_)); }

  base::Time now_ = start;
  std::vector<std::uint64_t> by_hundredth_;  // octets sent, of a second
  std::mt19937 dice_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
};

struct Progress {
  double least = 1e18, most = 0;
  [[nodiscard]] double ratio() const { return most / least; }
};
Progress progress(const Crowd& crowd, const std::vector<std::uint64_t>& before) {
  Progress out;
  for (std::size_t i = 0; i < crowd.clients.size(); ++i) {
    if (!crowd.clients[i].there) continue;
    const auto sent = static_cast<double>(crowd.clients[i].sent - before[i]);
    out.least = std::min(out.least, sent);
    out.most = std::max(out.most, sent);
  }
  return out;
}
std::vector<std::uint64_t> sent_by(const Crowd& crowd) {
  std::vector<std::uint64_t> sent;
  for (const auto& client : crowd.clients) sent.push_back(client.sent);
  return sent;
}

TEST(RateLimitCrowd, AThousandEqualClientsProgressAlike) {
  for (const std::size_t window : {1'460UL, 23'360UL, 64'000UL}) {
    Crowd crowd(50'000'000);
    crowd.add(1000, window, microseconds(300), seconds(1));
    crowd.run_until(start + seconds(3));
    const auto before = sent_by(crowd);
    crowd.run_until(start + seconds(11));
    crowd.expect_rate(start + seconds(2), start + seconds(11));
    EXPECT_LT(progress(crowd, before).ratio(), 2) << window;
    EXPECT_LT(crowd.asked, 15 * crowd.granted) << "who waits does not ask all the time";
  }
}

TEST(RateLimitCrowd, SmallWindowsGetAsMuchAsLargeOnes) {
  Crowd crowd(20'000'000);
  crowd.add(100, 64'000, microseconds(300));
  crowd.add(100, 1'460, microseconds(300));
  crowd.run_until(start + seconds(3));
  const auto before = sent_by(crowd);
  crowd.run_until(start + seconds(15));
  crowd.expect_rate(start + seconds(2), start + seconds(15));
  EXPECT_LT(progress(crowd, before).ratio(), 2);
}

TEST(RateLimitCrowd, WhoIsSlowItselfLeavesItsShareToTheOthers) {
  Crowd crowd(10'000'000);
  crowd.add(50, 16'000, microseconds(300));
  crowd.add(50, 16'000, seconds(1));
  crowd.run_until(start + seconds(20));
  crowd.expect_rate(start + seconds(2), start + seconds(20));
  for (const auto& client : crowd.clients) EXPECT_GT(client.sent, 15U * 16'000);
}

TEST(RateLimitCrowd, NineOfTenGiveUpAndTheWireStaysFull) {
  Crowd crowd(12'500'000);
  crowd.add(1000, 64'000, microseconds(300));
  crowd.run_until(start + seconds(5));
  for (std::size_t i = 0; i < 1000; ++i) {
    if (i % 10 != 0) crowd.abandon(crowd.clients[i]);
  }
  EXPECT_LE(crowd.limit.waiting(), 100U);
  crowd.run_until(start + seconds(15));
  // A second from the very moment on.
  EXPECT_GT(crowd.second_from(start + seconds(5)), 0.9);
  crowd.expect_rate(start + seconds(6), start + seconds(15));
  for (auto& client : crowd.clients) crowd.abandon(client);
  EXPECT_EQ(crowd.limit.waiting(), 0U);
}

TEST(RateLimitCrowd, ComingAndGoingAtRandomKeepsTheRateAndStarvesNobody) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    Crowd crowd(30'000'000, seed);
    std::mt19937 dice(seed);
    crowd.add(20, 23'360, milliseconds(2));
    for (int round = 0; round < 100; ++round) {
      crowd.add(dice() % 20, 1'460 * (1 + dice() % 16), milliseconds(1 + dice() % 5));
      for (std::size_t i = 20; i < crowd.clients.size(); ++i) {
        if (crowd.clients[i].there && dice() % 8 == 0) crowd.abandon(crowd.clients[i]);
      }
      crowd.run_until(start + milliseconds(100) * (round + 1));
    }
    crowd.expect_rate(start + milliseconds(500), start + seconds(10));
    for (std::size_t i = 0; i < 20; ++i) EXPECT_GT(crowd.clients[i].sent, 30U * 23'360) << "seed " << seed;
  }
}

TEST(RateLimit, ThreadsTogetherKeepIt) {
  RateLimit limit(2'000'000'000);
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  std::array<std::uint64_t, 4> sent{};
  const base::Time began = base::Clock::now();
  for (std::uint64_t& mine : sent) {
    threads.emplace_back([&] {
      std::deque<RateLimit::Turn> turns(8);
      for (unsigned i = 0; !over; ++i) {
        const base::Time now = base::Clock::now();
        if (limit.ask(turns[i % turns.size()], 10'000, now) <= now) mine += 10'000;
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(300));
  over = true;
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = base::Clock::now() - began;
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sent) sum += one;
  EXPECT_LE(static_cast<double>(sum), 2e9 * (took + RateLimit::burst).count() * 1.01);
  EXPECT_EQ(limit.waiting(), 0U);
}

}  // namespace
}  // namespace session
