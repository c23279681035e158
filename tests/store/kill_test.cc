// SPDX-License-Identifier: GPL-3.0-or-later
// The process dies at any moment of imports and approvals: what was acknowledged is there, nothing
// is there by half.
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

// The batches of one file, from 1 on, in turn: a stranger is listed, it is approved, machines are
// imported (each file of them one batch). Each also changes the counter to its own number, so that
// the counter says what else has to be there.
enum class Does : std::uint8_t { import, list, approve };
Does does(std::uint64_t batch) { return static_cast<Does>(batch % 3); }
std::size_t imported_by(std::uint64_t batch) { return 1 + batch * 37 % 300; }

std::string imported_name(std::uint64_t batch, std::size_t of) {
  return fmt::format("import {} device {}", batch, of);
}
std::string stranger_name(std::uint64_t batch) { return fmt::format("stranger {}", batch); }

// `number` is nobody else's.
policy::Device device(std::string name, std::uint64_t number) {
  policy::Device out;
  out.name = std::move(name);
  const auto octet = [&](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  out.macs = {{{0x52, 0x54, octet(24), octet(16), octet(8), octet(0)}}};
  return out;
}
std::uint64_t number_of(std::uint64_t batch, std::size_t of) { return batch * 1000 + of; }

policy::Device counter_at(std::uint64_t batch, std::int64_t id) {
  policy::Device out = device("counter", 0);
  out.id = id;
  out.more = std::make_shared<const policy::DeviceExtras>(
      policy::DeviceExtras{{{"batch", std::to_string(batch)}}, "", 0, 0, {}});
  return out;
}

void add_steps(Batch& batch, std::uint64_t number, policy::Device& stranger) {
  switch (does(number)) {
    case Does::list:
      stranger = device(stranger_name(number), number_of(number, 0));
      stranger.state = policy::DeviceState::pending;
      stranger.request = static_cast<std::uint32_t>(number);
      batch.steps.push_back(Put{stranger, {}});
      return;
    case Does::approve:
      stranger.state = policy::DeviceState::approved;
      stranger.request = 0;
      batch.verb = "approved";
      batch.steps.push_back(Put{stranger, {}});
      return;
    case Does::import:
      batch.verb = "imported";
      for (std::size_t i = 0; i < imported_by(number); ++i) {
        batch.steps.push_back(Put{device(imported_name(number, i), number_of(number, i)), {}});
      }
  }
}

// Tells each batch that is acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, std::uint64_t next, int acknowledged) {
  auto store = open_sqlite(path);
  if (!store) ::_exit(1);
  const auto all = (*store)->load();
  if (!all) ::_exit(2);
  std::int64_t counter = 0;
  policy::Device stranger;
  for (const policy::Device& each : all->devices) {
    if (each.name == "counter") counter = each.id;
    if (each.state == policy::DeviceState::pending) stranger = each;
  }
  for (;; ++next) {
    Batch batch{"admin", "", {Put{counter_at(next, counter), {}}}};
    add_steps(batch, next, stranger);
    const auto applied = (*store)->apply(batch);
    if (!applied) ::_exit(3);
    counter = applied->ids.front();
    if (does(next) == Does::list) stranger.id = applied->ids.back();
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

using Seen = std::map<std::string, policy::DeviceState>;

// The last batch that is there; it is there wholly, and so are all before it.
std::uint64_t last_there(const std::string& path) {
  auto store = open_sqlite(path);
  EXPECT_TRUE(store) << store.error().what;
  const auto all = (*store)->load();
  EXPECT_TRUE(all) << all.error().what;
  std::uint64_t last = 0;
  Seen seen, expected;
  for (const policy::Device& each : all->devices) {
    if (each.name == "counter") {
      last = std::stoull(each.extras().variables.at(0).second);
    } else {
      seen[each.name] = each.state;
      EXPECT_EQ(each.request != 0, each.state == policy::DeviceState::pending) << each.name;
    }
  }
  std::size_t steps = last;
  for (std::uint64_t batch = 1; batch <= last; ++batch) {
    const std::size_t own = does(batch) == Does::import ? imported_by(batch) : 1;
    steps += own;
    if (does(batch) == Does::list) expected[stranger_name(batch)] = policy::DeviceState::pending;
    if (does(batch) == Does::approve) expected[stranger_name(batch - 1)] = policy::DeviceState::approved;
    if (does(batch) != Does::import) continue;
    for (std::size_t i = 0; i < own; ++i) expected[imported_name(batch, i)] = policy::DeviceState::approved;
  }
  EXPECT_TRUE(seen == expected) << seen.size() << " devices where batch " << last << " left "
                                << expected.size();
  EXPECT_EQ((*store)->events(0, 1'000'000)->size(), steps) << "a change and its event are one";
  return last;
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
