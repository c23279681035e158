// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/jobs.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace management {

struct ApiJobs::Job {
  std::int64_t number = 0;
  std::atomic<std::uint64_t> done = 0, total = 0;
  // Guarded by the jobs' mutex.
  std::optional<base::Result<api::Json, Problem>> outcome;
  std::chrono::steady_clock::time_point ended;
  std::thread thread;
};

ApiJobs::ApiJobs() = default;

// Nobody may start one any more.
ApiJobs::~ApiJobs() {
  ending_.request_stop();
  for (const auto& job : jobs_) job->thread.join();
}

base::Result<std::int64_t, Problem> ApiJobs::start(Work work) {
  const std::lock_guard lock(mutex_);
  forget_old(std::chrono::steady_clock::now());
  const auto running = std::ranges::count_if(jobs_, [](const auto& job) { return !job->outcome; });
  if (static_cast<std::size_t>(running) >= most_running)
    return refuse(ProblemType::busy, "{} jobs are under way: try again when one of them has ended", running);
  auto job = std::make_unique<Job>();
  job->number = ++last_;
  Job* const raw = job.get();
  jobs_.push_back(std::move(job));
  try {
    raw->thread = std::thread([this, raw, work = std::move(work)]() mutable {
      base::Result<api::Json, Problem> outcome =
          tl::unexpected(Problem{ProblemType::busy, "there was not enough memory"});
      try {
        outcome = work([raw](std::uint64_t done, std::uint64_t total) {
          raw->total = total;
          raw->done = done;
        });
      } catch (const std::exception&) {  // said already
      }
      work = {};  // closes its files
      const std::lock_guard ending(mutex_);
      raw->ended = std::chrono::steady_clock::now();
      raw->outcome = std::move(outcome);
    });
  } catch (const std::system_error&) {
    jobs_.pop_back();
    return refuse(ProblemType::busy, "there is no thread for one more job: try again");
  }
  return raw->number;
}

std::optional<api::Json> ApiJobs::look(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  forget_old(std::chrono::steady_clock::now());
  const auto found = std::ranges::find_if(jobs_, [&](const auto& job) { return job->number == number; });
  if (found == jobs_.end()) return std::nullopt;
  const Job& job = **found;
  api::Json out = {{"job", number}, {"done", job.done.load()}, {"total", job.total.load()}};
  if (!job.outcome) {
    out["state"] = "running";
  } else if (*job.outcome) {
    out["state"] = "done";
    out["result"] = **job.outcome;
  } else {
    out["state"] = "failed";
    out["problem"] = to_json(job.outcome->error());
  }
  return out;
}

void ApiJobs::forget_old(std::chrono::steady_clock::time_point now) {
  std::size_t kept = jobs_.size();
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    Job& job = **it;
    if (!job.outcome || (kept < most_kept && now - job.ended < kept_for)) {
      ++it;
      continue;
    }
    job.thread.join();  // has nothing left to do
    it = jobs_.erase(it);
    --kept;
  }
}

}  // namespace management
