// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/kept_copy.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "store/copy.h"

namespace site {

KeptCopy::KeptCopy(std::string database, std::string copy, StoreHealth& health, Pace pace)
    : database_(std::move(database)),
      copy_(std::move(copy)),
      health_(health),
      pace_(pace),
      files_(files_now()) {
  const auto kept = store::revision_at(copy_);
  const auto present = store::revision_at(database_);
  wanted_ = !kept || !present || *kept != *present;
  thread_ = std::thread([this] { run(); });
}

KeptCopy::~KeptCopy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

KeptCopy::Files KeptCopy::files_now() const {
  const auto number = [](const std::string& path) -> ino_t {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
  };
  return {number(database_), number(database_ + "-wal")};
}

void KeptCopy::changed() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  woken_.notify_all();
}

void KeptCopy::wait() {
  std::unique_lock lock(mutex_);
  woken_.wait(lock, [this] { return !wanted_ && !busy_; });
}

void KeptCopy::run() {
  // A large database takes seconds of a processor: those are left over from packets' threads.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, 19));  // of this thread alone, on Linux
  base::Time rested{};                                    // when the next copy may begin
  std::unique_lock lock(mutex_);
  while (true) {
    const base::Time now = base::Clock::now();
    if (wanted_ && (stopping_ || now >= rested)) {
      wanted_ = false;
      busy_ = true;
      lock.unlock();
      copy();
      const base::Time end = base::Clock::now();
      rested = end + std::max(pace_.rest, (end - now) * (pace_.share - 1));
      lock.lock();
      busy_ = false;
      woken_.notify_all();
      continue;
    }
    if (stopping_) return;
    base::Time next = now + pace_.look;
    if (wanted_) next = std::min(next, rested);
    woken_.wait_until(lock, next, [this] { return stopping_; });
    lock.unlock();
    look();
    lock.lock();
  }
}

void KeptCopy::look() {
  const Files now = files_now();
  if (now == files_) return health_.missing(std::nullopt);
  const bool journal = now.database == files_.database;
  const ino_t there = journal ? now.journal : now.database;
  health_.missing(
      fmt::format("{}{} was {} while it was in use: stop the server, put back a backup and start it again",
                  database_, journal ? "-wal" : "", there == 0 ? "removed" : "replaced"));
}

void KeptCopy::copy() {
  // Another file at its place is not what this server works with.
  if (files_now() != files_) return look();
  auto copied = store::keep_copy(database_, copy_);
  if (copied) return health_.not_copied(std::nullopt);
  health_.not_copied(fmt::format("the records could not be copied to {}, which stays as it was: {}", copy_,
                                 copied.error().what));
}

}  // namespace site
