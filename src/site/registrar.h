// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of records that packets bring about (a stranger to be listed, a run that has ended):
// written by a thread of its own, because a packet never waits for a disk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace site {

class Administration;

class Registrar {
 public:
  using Work = std::function<void(Administration&)>;
  // More than that at once is refused: a machine asks again.
  static constexpr std::size_t capacity = 4096;

  // `administration` outlives it.
  explicit Registrar(Administration& administration);
  ~Registrar();  // what was taken is done first
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // Any thread, at once. False: there is no room.
  bool post(Work work);
  // All that was taken before has been done. Not on a packet thread.
  void wait_until_idle();

  struct Counts {
    std::uint64_t done = 0, refused = 0, waiting = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  void run();

  Administration& administration_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  bool busy_ = false;
  bool stopping_ = false;
  Counts counts_;
  std::thread thread_;
};

}  // namespace site
