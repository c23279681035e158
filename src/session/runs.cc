// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/runs.h"

#include <fmt/format.h>

namespace session {

using policy::Run;
using policy::RunKey;
using policy::RunState;

std::string_view print(RunNews news) {
  switch (news) {
    case RunNews::offered:
      return "offered";
    case RunNews::started:
      return "started";
    case RunNews::done:
      return "done";
    case RunNews::failed:
      return "failed";
    case RunNews::silent:
      return "silent";
    case RunNews::held:
      return "held";
  }
  return "unknown";
}

namespace {

bool is_over(const Run& run) { return run.held || run.state == RunState::done; }

}  // namespace

// --- the table -------------------------------------------------------------------------------

const Run* Runs::find(const RunKey& key) const {
  const auto found = runs_.find(key);
  return found == runs_.end() ? nullptr : &found->second;
}
Run* Runs::find_mutable(const RunKey& key) {
  const auto found = runs_.find(key);
  return found == runs_.end() ? nullptr : &found->second;
}

const Run* Runs::behind(const policy::TokenHash& token) const {
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? nullptr : find(found->second);
}
Run* Runs::behind_mutable(const policy::TokenHash& token) {
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? nullptr : find_mutable(found->second);
}

bool Runs::under_way(const RunKey& key) const {
  const Run* const run = find(key);
  return run != nullptr && (run->state == RunState::offered || run->state == RunState::started);
}

void Runs::load(const Run& run) {
  if (runs_.size() >= capacity_) return;
  remove(run.key);
  Run& kept = runs_[run.key] = run;
  if (kept.token) tokens_[*kept.token] = kept.key;
  if (kept.state == RunState::started) started_.emplace(kept.started, kept.key);
  if (is_over(kept)) ended_.emplace(kept.ended, kept.key);
}

// The run, made where there is none and room for it: who ended longest ago leaves first.
Run* Runs::enter(const RunKey& key, std::int64_t now) {
  if (Run* const known = find_mutable(key)) return known;
  if (runs_.size() >= capacity_) {
    if (ended_.empty()) return nullptr;
    remove(ended_.begin()->second);
  }
  Run& run = runs_[key];
  run.key = key;
  run.offered = now;
  return &run;
}

void Runs::give_token(Run& run, const std::optional<policy::TokenHash>& token) {
  if (run.token) tokens_.erase(*run.token);
  run.token = token;
  if (token) tokens_[*token] = run.key;
}

void Runs::leave_clocks(const Run& run) {
  started_.erase({run.started, run.key});
  ended_.erase({run.ended, run.key});
}

void Runs::remove(const RunKey& key) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return;
  leave_clocks(found->second);
  if (found->second.token) tokens_.erase(*found->second.token);
  runs_.erase(found);
}

void Runs::tell(RunNews news, const Run& run) {
  events_.push_back({news, run});
  changed_[run.key] = run;
}

std::vector<Run> Runs::take_changed() {
  std::vector<Run> out;
  out.reserve(changed_.size());
  for (auto& [key, run] : changed_) out.push_back(std::move(run));
  changed_.clear();
  return out;
}

void Runs::not_written(std::vector<Run> runs) {
  for (Run& run : runs) {
    const RunKey key = run.key;
    changed_.try_emplace(key, std::move(run));
  }
}

void Runs::forget(std::int64_t device, std::int64_t deployment) {
  const auto one = [&](const RunKey& key) {
    return key.device == device && (deployment == 0 || key.deployment == deployment);
  };
  std::vector<RunKey> keys;
  for (auto it = runs_.lower_bound({device, 0}); it != runs_.end() && it->first.device == device; ++it) {
    if (one(it->first)) keys.push_back(it->first);
  }
  for (const RunKey& key : keys) remove(key);
  std::erase_if(changed_, [&](const auto& entry) { return one(entry.first); });
}

// --- a life ----------------------------------------------------------------------------------

Runs::Offer Runs::on_offered(const RunKey& key, const std::optional<policy::TokenHash>& token,
                             const base::Ip& address, std::int64_t now) {
  const bool is_new = find(key) == nullptr;
  Run* const run = enter(key, now);
  if (run == nullptr) return Offer::full;
  if (run->state == RunState::started) fall(*run, RunState::silent, "it came back without a report", now);
  if (is_over(*run)) return Offer::over;
  give_token(*run, token);
  run->address = address;
  if (run->state == RunState::offered && !is_new) {  // asked twice on its way
    changed_[key] = *run;
    return Offer::made;
  }
  run->state = RunState::offered;
  run->offered = now;
  run->started = run->ended = 0;
  tell(RunNews::offered, *run);
  return Offer::made;
}

void Runs::start(Run& run, bool once, std::int64_t now) {
  run.state = RunState::started;
  run.started = now;
  run.ended = 0;
  tell(RunNews::started, run);
  if (once) return finish(run, now);
  started_.emplace(now, run.key);
}

void Runs::on_image_sent(const RunKey& key, bool once, std::int64_t now) {
  Run* const run = enter(key, now);
  if (run == nullptr || is_over(*run) || run->state == RunState::started) return;
  start(*run, once, now);
}

void Runs::on_chosen(const RunKey& key, bool once, std::int64_t now) {
  if (once) return on_image_sent(key, true, now);
  if (changed_.size() >= capacity_) return;
  Run run;
  run.key = key;
  run.state = RunState::started;
  run.offered = run.started = now;
  tell(RunNews::started, run);
}

void Runs::finish(Run& run, std::int64_t now) {
  leave_clocks(run);
  run.state = RunState::done;
  run.held = false;
  run.ended = now;
  run.message.clear();
  ended_.emplace(now, run.key);
  tell(RunNews::done, run);
}

void Runs::fall(Run& run, RunState how, std::string_view why, std::int64_t now) {
  leave_clocks(run);
  run.state = how;
  run.ended = now;
  run.message = why;
  ++run.failures;
  tell(how == RunState::failed ? RunNews::failed : RunNews::silent, run);
  if (run.failures <= terms_.offers_again) return;
  run.held = true;
  ended_.emplace(now, run.key);
  tell(RunNews::held, run);
}

bool Runs::on_done(const policy::TokenHash& token, std::int64_t now) {
  Run* const run = behind_mutable(token);
  if (run == nullptr) return false;
  if (run->state != RunState::done) finish(*run, now);
  return true;
}

bool Runs::on_failed(const policy::TokenHash& token, std::string_view message, std::int64_t now) {
  Run* const run = behind_mutable(token);
  if (run == nullptr) return false;
  if (run->state == RunState::offered || run->state == RunState::started) {
    fall(*run, RunState::failed, message, now);
  } else if (run->state == RunState::silent) {  // counted already; now it is known why
    run->state = RunState::failed;
    run->message = message;
    changed_[run->key] = *run;
  }
  return true;
}

void Runs::poll(std::int64_t now) {
  while (!started_.empty() && now - started_.begin()->first >= terms_.silent_after) {
    Run& run = runs_.at(started_.begin()->second);
    fall(run, RunState::silent, fmt::format("no report within {} minutes", terms_.silent_after / 60), now);
  }
  // Those that are not written yet stay: nothing else says that they are over.
  for (auto it = ended_.begin(); it != ended_.end() && now - it->first >= lingers;) {
    const RunKey key = (it++)->second;
    if (!changed_.contains(key)) remove(key);
  }
}

}  // namespace session
