// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of the database beside it, never older than some seconds, for a start without the
// database (docs/formats/kept-copy.md). Made by a thread of its own, with what processor time nobody
// else wants, through a connection of its own: neither packets nor changes wait for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/time.h"
#include "site/store_health.h"

namespace site {

class KeptCopy {
 public:
  struct Pace {
    base::Duration rest = std::chrono::seconds(5);  // between two copies, at least
    // A copy of a large database takes long: of all time, at most one part in so many.
    unsigned share = 20;
    base::Duration look = std::chrono::seconds(5);  // how often it is asked whether the files are there
  };
  // Both paths in one directory. `health` outlives it.
  KeptCopy(std::string database, std::string copy, StoreHealth& health)
      : KeptCopy(database, copy, health, {}) {}
  KeptCopy(std::string database, std::string copy, StoreHealth& health, Pace pace);
  ~KeptCopy();  // what is not copied yet is
  KeptCopy(const KeptCopy&) = delete;
  KeptCopy& operator=(const KeptCopy&) = delete;

  // The records were changed. Any thread, at once.
  void changed();
  // Until a copy of all changes so far was made, or failed. Tests.
  void wait();

 private:
  // Which files the database and its journal are; 0 where there is none.
  struct Files {
    ino_t database = 0, journal = 0;
    bool operator==(const Files&) const = default;
  };
  [[nodiscard]] Files files_now() const;
  void run();
  void look();
  void copy();

  const std::string database_, copy_;
  StoreHealth& health_;
  const Pace pace_;
  const Files files_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool wanted_ = false, busy_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace site
