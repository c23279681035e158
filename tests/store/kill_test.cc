// SPDX-License-Identifier: GPL-3.0-or-later
// The process dies at any moment: what was acknowledged is there, nothing is there by half.
// BOOTFERRY_KILLS says how often (`./dev matrix`: 1000). A power cut is more than this: there the
// disk has to keep what fsync told it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "../content/scratch.h"
#include "base/fd.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace store {
namespace {

constexpr std::size_t devices_of_batch = 3;

std::string device_name(std::uint64_t batch, std::size_t of) {
  return fmt::format("batch {} device {}", batch, of);
}

policy::Device device(std::string name, std::uint64_t number, std::uint64_t mark) {
  policy::Device out;
  out.name = std::move(name);
  const auto octet = [&](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  out.macs = {{{0x52, 0x54, octet(24), octet(16), octet(8), octet(0)}}};
  out.more = std::make_shared<const policy::DeviceExtras>(
      policy::DeviceExtras{{{"mark", std::to_string(mark)}}, "", 0, 0, {}});
  return out;
}

// Batch n: three new devices, and the counter changed to n. Tells each one that is acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, std::uint64_t next, int acknowledged) {
  auto store = open_sqlite(path);
  if (!store) ::_exit(1);
  const auto all = (*store)->load();
  if (!all) ::_exit(2);
  policy::Device counter = device("counter", 0, 0);
  if (!all->devices.empty()) counter.id = all->devices.front().id;
  for (;; ++next) {
    const std::int64_t id = counter.id;
    counter = device("counter", 0, next);
    counter.id = id;
    Batch batch{"admin", "", {Put{counter, {}}}};
    for (std::size_t i = 0; i < devices_of_batch; ++i) {
      batch.steps.push_back(Put{device(device_name(next, i), next * devices_of_batch + i + 1, next), {}});
    }
    const auto applied = (*store)->apply(batch);
    if (!applied) ::_exit(3);
    counter.id = applied->ids.front();
    if (::write(acknowledged, &next, sizeof next) != sizeof next) ::_exit(4);
  }
}

// The last batch that was acknowledged; `last` where none was.
std::uint64_t write_and_kill(const std::string& path, std::uint64_t last, std::chrono::microseconds after) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) write_until_killed(path, last + 1, write_end.get());
  write_end = base::Fd();
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  std::uint64_t batch = 0;
  while (::read(read_end.get(), &batch, sizeof batch) == sizeof batch) last = batch;
  return last;
}

// The last batch that is there, whole as all before it.
std::uint64_t last_there(const std::string& path) {
  auto store = open_sqlite(path);
  EXPECT_TRUE(store) << store.error().what;
  const auto all = (*store)->load();
  EXPECT_TRUE(all) << all.error().what;
  std::map<std::string, std::size_t> of_batch;
  std::uint64_t counter = 0;
  for (const policy::Device& each : all->devices) {
    const std::string& mark = each.extras().variables.at(0).second;
    if (each.name == "counter") {
      counter = std::stoull(mark);
    } else {
      ++of_batch[mark];
    }
  }
  EXPECT_EQ(of_batch.size(), counter) << "the counter and the devices are of different batches";
  for (const auto& [mark, devices] : of_batch) EXPECT_EQ(devices, devices_of_batch) << "batch " << mark;
  EXPECT_EQ((*store)->events(0, 1'000'000)->size(), counter * (devices_of_batch + 1));
  return counter;
}

TEST(Kill, WhatWasAcknowledgedIsThereAndNothingByHalf) {
  const char* wanted = std::getenv("BOOTFERRY_KILLS");
  const int kills = wanted == nullptr ? 40 : std::atoi(wanted);
  std::mt19937 random(7);
  Scratch scratch;
  std::uint64_t last = 0, ahead = 0, acknowledged = 0;
  std::string path;
  for (int i = 0; i < kills; ++i) {
    if (i % 20 == 0) {  // from an empty directory, too: killed while the tables are made
      path = scratch.path(fmt::format("{}.db", i));
      last = 0;
    }
    const std::uint64_t before = last;
    last = write_and_kill(path, last, std::chrono::microseconds(random() % 60'000));
    acknowledged += last - before;
    const std::uint64_t there = last_there(path);
    ASSERT_GE(there, last) << "kill " << i;
    ASSERT_LE(there, last + 1) << "kill " << i;  // committed, and killed before it could say so
    ahead += there - last;
    last = there;
    auto database = Database::open(path);
    Statement check = database->query("PRAGMA integrity_check");
    ASSERT_TRUE(check.next());
    ASSERT_EQ(check.text(0), "ok");
  }
  EXPECT_GT(acknowledged, static_cast<std::uint64_t>(kills)) << "too slow to tell anything";
  fmt::print("{} batches acknowledged in {} lives, {} more were committed\n", acknowledged, kills, ahead);
}

}  // namespace
}  // namespace store
