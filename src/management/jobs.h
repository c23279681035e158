// SPDX-License-Identifier: GPL-3.0-or-later
// Work that takes longer than people wait for an answer: copies of images, imports. Each on a
// thread of its own; who asked looks at it by its number.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "api/json.h"
#include "management/problem.h"

namespace management {

class ApiJobs {
 public:
  static constexpr std::size_t most_running = 4;
  static constexpr std::size_t most_kept = 64;  // the oldest finished ones are forgotten first
  static constexpr auto kept_for = std::chrono::hours(1);

  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  using Work = std::function<base::Result<api::Json, Problem>(const Progress&)>;

  ApiJobs();
  ~ApiJobs();  // waits for what is under way
  ApiJobs(const ApiJobs&) = delete;
  ApiJobs& operator=(const ApiJobs&) = delete;

  // Its number; `busy` where enough are running.
  base::Result<std::int64_t, Problem> start(Work work);
  // {"job", "state": "running|done|failed", "done", "total", "result"|"problem"}
  [[nodiscard]] std::optional<api::Json> look(std::int64_t job);
  // For work that nobody misses when the server ends.
  [[nodiscard]] std::stop_token ending() const { return ending_.get_token(); }

 private:
  struct Job;
  void forget_old(std::chrono::steady_clock::time_point now);

  std::stop_source ending_;
  std::mutex mutex_;
  std::list<std::unique_ptr<Job>> jobs_;  // guarded by mutex_, ascending by number
  std::int64_t last_ = 0;
};

}  // namespace management
