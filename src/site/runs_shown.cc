// SPDX-License-Identifier: GPL-3.0-or-later
// What people get to see of runs: lines of the log, lists, problems, counters.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "site/runs.h"

namespace site {

using session::InstallBreaker;
using session::RunNews;

std::string Runs::words(const session::RunEvent& event, const Site& site) const {
  const policy::Run& run = event.run;
  const policy::Device* const device = site.policy.device(run.key.device);
  const policy::Deployment* const deployment = site.policy.deployment(run.key.deployment);
  std::string text = fmt::format("{}: deployment \"{}\" {}", device == nullptr ? "a device" : device->name,
                                 deployment == nullptr ? "?" : deployment->name, print(event.news));
  if (event.news == RunNews::failed || event.news == RunNews::silent) {
    text += fmt::format(": {} (failure {})", run.message, run.failures);
  }
  if (event.news == RunNews::held) text += ": it waits for an administrator";
  return text;
}

void Runs::tell_breaker() {
  const auto verdict = breaker_.verdict(unix_now_());
  if (verdict == verdict_) return;
  verdict_ = verdict;
  stopped_ = verdict != InstallBreaker::Verdict::go_on;
  switch (verdict) {
    case InstallBreaker::Verdict::go_on:
      base::log(base::LogLevel::warning, "run", "required deployments go on");
      break;
    case InstallBreaker::Verdict::too_many:
      base::log(base::LogLevel::warning, "run",
                "required deployments are stopped: {} began within {} minutes; they go on by themselves, or "
                "when an administrator says so",
                breaker_.terms().begins, breaker_.terms().within / 60);
      break;
    case InstallBreaker::Verdict::too_many_failures:
      base::log(
          base::LogLevel::warning, "run",
          "required deployments are stopped: {} failed in a row; they go on when an administrator says so",
          breaker_.mark().failures_in_row);
      break;
  }
}

base::Result<std::vector<RunItem>> Runs::list(Administration& administration,
                                              const store::RunQuery& query) const {
  return administration.look([&](SiteRecords& records) -> base::Result<std::vector<RunItem>> {
    auto rows = records.store().runs(query);
    if (!rows) return tl::unexpected(rows.error());
    const policy::Snapshot& snapshot = records.snapshot();
    std::vector<RunItem> items;
    const std::lock_guard lock(mutex_);
    for (policy::Run& row : *rows) {
      RunItem item;
      item.key = row.key;
      if (const policy::Device* device = snapshot.device(row.key.device)) item.device = device->name;
      if (const policy::Deployment* one = snapshot.deployment(row.key.deployment)) {
        item.deployment = one->name;
        if (const policy::Image* image = snapshot.image_of(*one)) item.image = image->name;
      }
      if (const auto found = progress_.find(row.key); found != progress_.end()) {
        item.percent = found->second.percent;
        item.progress = found->second.text;
      }
      item.run = std::move(row);
      items.push_back(std::move(item));
    }
    return items;
  });
}

std::vector<std::string> Runs::problems() const {
  std::vector<std::string> out;
  const std::lock_guard lock(mutex_);
  if (verdict_ != InstallBreaker::Verdict::go_on) {
    out.emplace_back(policy::explain(policy::Reason::installs_stopped));
  }
  if (!unwritten_.empty()) out.push_back(fmt::format("runs are not recorded for now: {}", unwritten_));
  constexpr std::size_t most = 100;
  const auto looping = counts_.list(base::Clock::now());
  for (std::size_t i = 0; i < std::min(looping.size(), most); ++i) {
    out.push_back(fmt::format("{}: boots from the network over and over: look at what it does there",
                              looping[i].print()));
  }
  if (looping.size() > most) out.push_back(fmt::format("and {} machines more do so", looping.size() - most));
  return out;
}

std::vector<std::pair<std::string, std::uint64_t>> Runs::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < news_.size(); ++i) {
    out.emplace_back(fmt::format("runs.{}", print(static_cast<RunNews>(i))), news_.at(i));
  }
  out.emplace_back("runs.boot-loops", loops_);
  out.emplace_back("runs.untracked", untracked_);
  out.emplace_back("runs.stopped", verdict_ == InstallBreaker::Verdict::go_on ? 0 : 1);
  return out;
}

}  // namespace site
