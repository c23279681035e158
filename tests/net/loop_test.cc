// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "base/fd.h"
#include "fake_loop.h"
#include "net/vigil.h"

namespace net {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  base::Fd read_end, write_end;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0) {
      read_end = base::Fd(ends[0]);
      write_end = base::Fd(ends[1]);
    }
  }
  void put() const { EXPECT_EQ(write(write_end.get(), "x", 1), 1); }
  [[nodiscard]] std::size_t take() const {
    std::array<char, 64> buffer{};
    return static_cast<std::size_t>(std::max<ssize_t>(0, read(read_end.get(), buffer.data(), buffer.size())));
  }
};

std::unique_ptr<Loop> open_loop() { return std::move(Loop::open().value()); }

TEST(TimerQueue, SameTimeKeepsTheOrderOfSetting) {
  FakeLoop loop;
  std::string order;
  loop.call_at(loop.now() + 2s, [&] { order += "c"; });
  loop.call_at(loop.now() + 1s, [&] { order += "a"; });
  loop.call_at(loop.now() + 1s, [&] { order += "b"; });
  loop.advance(1s);
  EXPECT_EQ(order, "ab");
  loop.advance(1s);
  EXPECT_EQ(order, "abc");
}

TEST(TimerQueue, AnOldIdNeverCancelsTheNextUserOfItsSlot) {
  FakeLoop loop;
  int fired = 0;
  const TimerId old = loop.call_at(loop.now() + 1s, [&] { ++fired; });
  loop.cancel(old);
  loop.call_at(loop.now() + 1s, [&] { ++fired; });
  loop.cancel(old);
  loop.cancel(0);
  loop.cancel(~TimerId{0});
  loop.advance(1s);
  EXPECT_EQ(fired, 1);
}

TEST(TimerQueue, CancellingADueTimerFromAnotherStopsIt) {
  FakeLoop loop;
  TimerId second = 0;
  bool fired = false;
  loop.call_at(loop.now(), [&] { loop.cancel(second); });
  second = loop.call_at(loop.now(), [&] { fired = true; });
  loop.advance(0s);
  EXPECT_FALSE(fired);
}

TEST(TimerQueue, ATimerSetForThePastDoesNotHoldBackOlderOnes) {
  TimerQueue queue;
  const base::Time now = base::Time(10s);
  int past = 0, due = 0;
  std::function<void()> again = [&] {
    ++past;
    queue.add(base::Time(0s), again);
  };
  queue.add(base::Time(1s), again);
  queue.add(base::Time(2s), [&] { ++due; });
  queue.run_due(now);
  EXPECT_EQ(past, 1);
  EXPECT_EQ(due, 1);
  queue.run_due(now);
  EXPECT_EQ(past, 2);
}

TEST(TimerQueue, AgreesWithASortedMapUnderRandomUse) {
  TimerQueue queue;
  std::map<std::pair<int, int>, TimerId> model;  // {when, serial}
  std::vector<int> fired, expected;
  std::mt19937 random(4711);
  for (int serial = 0; serial < 20'000; ++serial) {
    const int when = static_cast<int>(random() % 5000);
    model[{when, serial}] =
        queue.add(base::Time(base::Duration(when)), [&fired, serial] { fired.push_back(serial); });
    if (random() % 3 == 0) {
      const auto victim =
          std::next(model.begin(), static_cast<long>(random() % std::min<std::size_t>(model.size(), 50)));
      queue.cancel(victim->second);
      model.erase(victim);
    }
    if (random() % 100 == 0) {
      const int now = static_cast<int>(random() % 100);
      queue.run_due(base::Time(base::Duration(now)));
      while (!model.empty() && model.begin()->first.first <= now) {
        expected.push_back(model.begin()->first.second);
        model.erase(model.begin());
      }
    }
  }
  queue.run_due(base::Time(base::Duration(5000)));
  for (const auto& [key, id] : model) expected.push_back(key.second);
  EXPECT_EQ(fired, expected);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(FakeLoop, EachTimerSeesTheTimeItAskedFor) {
  FakeLoop loop;
  const base::Time start = loop.now();
  std::vector<base::Duration> seen;
  std::function<void()> tick = [&] {
    seen.push_back(loop.now() - start);
    if (seen.size() < 3) loop.call_at(loop.now() + 10ms, tick);
  };
  loop.call_at(start + 10ms, tick);
  loop.advance(1s);
  EXPECT_EQ(seen, (std::vector<base::Duration>{10ms, 20ms, 30ms}));
  EXPECT_EQ(loop.now(), start + 1s);
}

TEST(Loop, TimersFireInOrderAndNotEarly) {
  const auto loop = open_loop();
  std::string order;
  const base::Time start = base::Clock::now();
  loop->call_at(start + 20ms, [&] {
    EXPECT_GE(loop->now(), start + 20ms);
    order += "b";
    loop->stop();
  });
  loop->call_at(start + 2ms, [&] { order += "a"; });
  loop->run();
  EXPECT_EQ(order, "ab");
  EXPECT_LT(base::Clock::now() - start, 5s);
}

TEST(Loop, TimeStandsStillWithinATurn) {
  const auto loop = open_loop();
  loop->post([&] {
    const base::Time before = loop->now();
    std::this_thread::sleep_for(2ms);
    EXPECT_EQ(loop->now(), before);
    loop->stop();
  });
  loop->run();
}

TEST(Loop, AWatcherMayUnwatchItselfWhileItsCapturesAreInUse) {
  const auto loop = open_loop();
  const Pipe pipe;
  auto canary = std::make_shared<std::string>("alive");
  int calls = 0;
  ASSERT_TRUE(loop->watch(pipe.read_end.get(), [&, kept = std::move(canary)] {
    loop->unwatch(pipe.read_end.get());
    ++calls;
    EXPECT_EQ(*kept, "alive");
    loop->call_at(loop->now() + 5ms, [&] { loop->stop(); });
  }));
  pipe.put();
  loop->run();
  EXPECT_EQ(calls, 1);  // still readable, but no longer watched
}

TEST(Loop, AnEventOfTheSameBatchForAnUnwatchedFdIsDropped) {
  const auto loop = open_loop();
  const Pipe a, b;
  int calls = 0;
  const auto once = [&](const Pipe& other) {
    return [&] {
      ++calls;
      loop->unwatch(other.read_end.get());
      loop->stop();
    };
  };
  a.put();
  b.put();
  ASSERT_TRUE(loop->watch(a.read_end.get(), once(b)));
  ASSERT_TRUE(loop->watch(b.read_end.get(), once(a)));
  loop->run();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, AnFdNumberUsedAgainInTheSameBatchGetsNoOldEvent) {
  const auto loop = open_loop();
  auto a = std::make_unique<Pipe>();
  auto b = std::make_unique<Pipe>();
  std::unique_ptr<Pipe> fresh;
  int fresh_calls = 0;
  const auto swap_other = [&](std::unique_ptr<Pipe>& other) {
    return [&] {
      if (fresh) return;
      const int number = other->read_end.get();
      loop->unwatch(number);
      other.reset();
      fresh = std::make_unique<Pipe>();  // takes the lowest free numbers, so the same ones
      EXPECT_EQ(fresh->read_end.get(), number);
      EXPECT_TRUE(loop->watch(fresh->read_end.get(), [&] { ++fresh_calls; }));
      loop->call_at(loop->now() + 5ms, [&] { loop->stop(); });
    };
  };
  a->put();
  b->put();
  ASSERT_TRUE(loop->watch(a->read_end.get(), swap_other(b)));
  ASSERT_TRUE(loop->watch(b->read_end.get(), swap_other(a)));
  loop->run();
  EXPECT_EQ(fresh_calls, 0);
}

TEST(Loop, WatchSaysWhyItRefuses) {
  const auto loop = open_loop();
  const auto bad = loop->watch(-1, [] {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().what, "watch file descriptor -1: Bad file descriptor");
  const Pipe pipe;
  EXPECT_TRUE(loop->watch(pipe.read_end.get(), [] {}));
  EXPECT_FALSE(loop->watch(pipe.read_end.get(), [] {}));
  loop->unwatch(pipe.read_end.get());
  loop->unwatch(pipe.read_end.get());
  EXPECT_TRUE(loop->watch(pipe.read_end.get(), [] {}));
}

TEST(Loop, StopBeforeRunIsNotLost) {
  const auto loop = open_loop();
  bool waited = false;
  loop->call_at(loop->now() + 10s, [&] {
    waited = true;
    loop->stop();
  });
  loop->stop();
  loop->run();
  EXPECT_FALSE(waited);
}

TEST(Loop, PostsFromManyThreadsAllRunOnTheLoopsThread) {
  const auto loop = open_loop();
  constexpr int threads = 4, each = 500;
  int count = 0;  // touched by the loop's thread only; TSan watches
  std::set<std::thread::id> runners;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        loop->post([&] {
          runners.insert(std::this_thread::get_id());
          if (++count == threads * each) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(count, threads * each);
  EXPECT_EQ(runners, std::set{std::this_thread::get_id()});
}

TEST(Loop, APostFromAPostRunsToo) {
  const auto loop = open_loop();
  bool ran = false;
  loop->post([&] {
    loop->post([&] {
      ran = true;
      loop->stop();
    });
  });
  loop->run();
  EXPECT_TRUE(ran);
}

TEST(Loop, ABusySocketDoesNotStarveTimers) {
  const auto loop = open_loop();
  const Pipe pipe;
  pipe.put();
  int reads = 0;
  ASSERT_TRUE(loop->watch(pipe.read_end.get(), [&] { ++reads; }));  // never drained
  loop->call_at(loop->now() + 5ms, [&] { loop->stop(); });
  loop->run();
  EXPECT_GT(reads, 1);
}

TEST(Loop, AfterAFastConversationSilenceIsSlept) {
  constexpr int rounds = 2000;
  const auto loop = open_loop();
  const Pipe to_loop, to_peer;
  std::thread peer([&] {
    for (int i = 0; i < rounds; ++i) {
      to_loop.put();
      while (to_peer.take() == 0) {
      }  // awake, so that it answers in a microsecond or two
    }
  });
  const auto used = [] {
    timespec cpu{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec);
  };
  int answered = 0;
  std::chrono::nanoseconds before{}, silence{};
  ASSERT_TRUE(loop->watch(to_loop.read_end.get(), [&] {
    answered += static_cast<int>(to_loop.take());
    to_peer.put();
    if (answered < rounds) return;
    before = used();
    loop->call_at(loop->now() + 1s, [&] {
      silence = used() - before;
      loop->stop();
    });
  }));
  loop->run();
  peer.join();
  EXPECT_EQ(answered, rounds);
  EXPECT_LT(silence, 200ms);  // of a second
}

TEST(Vigil, LooksAfterFastAnswersAndStopsAtTheFirstSlowOnes) {
  Vigil vigil(2);
  EXPECT_FALSE(vigil.worth_it());
  for (int i = 0; i < 16; ++i) vigil.woken_after(30us);
  EXPECT_TRUE(vigil.worth_it());
  for (int i = 0; i < 1000; ++i) vigil.seen();
  vigil.missed();
  vigil.missed();
  EXPECT_TRUE(vigil.worth_it());
  vigil.missed();
  EXPECT_FALSE(vigil.worth_it());
}

TEST(Vigil, SlowAnswersAreNoReasonToLook) {
  Vigil vigil(2);
  for (int i = 0; i < 1000; ++i) vigil.woken_after(150us);
  EXPECT_FALSE(vigil.worth_it());
}

TEST(Vigil, WhereSomebodyElseWantsTheProcessorItIsLeftForAWhile) {
  Vigil vigil(2);
  for (int i = 0; i < 100; ++i) vigil.seen();
  vigil.gave_way_for(2us);  // there and back
  vigil.missed();
  EXPECT_TRUE(vigil.worth_it());
  vigil.gave_way_for(200us);
  vigil.missed();  // the look that ends then
  for (int i = 0; i < 40; ++i) vigil.woken_after(10us);
  EXPECT_FALSE(vigil.worth_it());
  for (int i = 0; i < 8; ++i) vigil.woken_after(10us);
  EXPECT_TRUE(vigil.worth_it());
}

TEST(Vigil, OnOneProcessorLookingKeepsTheOtherFromAnswering) {
  Vigil vigil(1);
  for (int i = 0; i < 1000; ++i) vigil.woken_after(10us);
  EXPECT_FALSE(vigil.worth_it());
}

}  // namespace
}  // namespace net
