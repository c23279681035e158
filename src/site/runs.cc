// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/runs.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "site/run_keeper.h"
#include "site/wall_clock.h"

namespace site {
namespace {

using session::InstallBreaker;
using session::RunNews;

constexpr std::string_view component = "run";

// The boot of one image to a device that a required deployment wants done.
const policy::Deployment* deciding(const policy::Plan& plan) {
  const policy::Boot* const boot = plan.boot();
  if (boot == nullptr || boot->choice.image == nullptr || boot->choice.deployment == nullptr) return nullptr;
  if (plan.identity.device == nullptr) return nullptr;
  const policy::Deployment* const deployment = boot->choice.deployment;
  return policy::run_kind(*deployment) == policy::RunKind::decides ? deployment : nullptr;
}

}  // namespace

std::string new_token() {
  std::array<std::uint8_t, 16> octets{};
  BOOTFERRY_CHECK(getrandom(octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()));
  std::string token;
  for (const std::uint8_t octet : octets) token += fmt::format("{:02x}", octet);
  return token;
}

policy::TokenHash hash_of(std::string_view token) { return base::sha256(token); }

Runs::Runs(SiteNow site, const RunsTerms& terms, UnixNow unix_now)
    : site_(std::move(site)),
      unix_now_(std::move(unix_now)),
      runs_(terms.life),
      breaker_(terms.breaker),
      counts_(terms.counts) {}

// What every change ends with: its news are counted, told to the breaker and logged, and it is
// written soon.
template <class Use>
auto Runs::change(Use&& use) {
  std::vector<std::string> lines;
  const auto finish = [&] {
    for (const std::string& line : lines) base::log(base::LogLevel::info, component, "{}", line);
    schedule();
  };
  std::unique_lock lock(mutex_);
  if constexpr (std::is_void_v<decltype(use())>) {
    use();
    lines = take_news();
    lock.unlock();
    finish();
  } else {
    auto result = use();
    lines = take_news();
    lock.unlock();
    finish();
    return result;
  }
}

void Runs::set_terms(const RunsTerms& terms) {
  change([&] {
    runs_.set_terms(terms.life);
    breaker_.set_terms(terms.breaker);
    counts_.set_terms(terms.counts);
  });
}

base::Status Runs::open(Administration& administration, Post post) {
  const std::int64_t now = unix_now_();
  // Nobody else uses it yet.
  const auto read = administration.look([&](SiteRecords& records) -> base::Status {
    const auto decides = [&](const policy::Run& run) {
      const policy::Deployment* const deployment = records.snapshot().deployment(run.key.deployment);
      return deployment != nullptr && policy::run_kind(*deployment) == policy::RunKind::decides;
    };
    store::RunQuery open;
    open.open = true;
    open.count = session::Runs::default_capacity;
    const auto runs = records.store().runs(open);
    if (!runs) return tl::unexpected(runs.error());
    for (const policy::Run& run : *runs) {
      if (decides(run)) runs_.load(run);
    }
    const auto mark = records.store().breaker();
    if (!mark) return tl::unexpected(mark.error());
    breaker_.load(*mark);
    store::RunQuery lately;
    lately.offered_from = now - breaker_.terms().within + 1;
    lately.count = breaker_.terms().begins == 0 ? 0 : session::Runs::default_capacity;
    const auto begun = records.store().runs(lately);
    if (!begun) return tl::unexpected(begun.error());
    std::vector<std::int64_t> times;
    for (const policy::Run& run : *begun) {
      if (decides(run)) times.push_back(run.offered);
    }
    std::ranges::sort(times);
    for (const std::int64_t time : times) breaker_.on_begun(time);
    return {};
  });
  if (!read) return read;
  const std::lock_guard lock(mutex_);
  post_ = std::move(post);
  tell_breaker();
  return {};
}

// --- boots -----------------------------------------------------------------------------------

policy::Now Runs::now() const {
  policy::Now now = wall_clock();
  now.installs_stopped = stopped_.load(std::memory_order_relaxed);
  return now;
}

// Who has begun goes on: it may ask for its script twice.
bool Runs::stops(const policy::Plan& plan) const {
  if (!stopped_.load(std::memory_order_relaxed)) return false;
  const policy::Deployment* const deployment = deciding(plan);
  if (deployment == nullptr) return false;
  const std::lock_guard lock(mutex_);
  return !runs_.under_way({plan.identity.device->id, deployment->id});
}

policy::Plan Runs::decide(const policy::Facts& facts, const policy::Snapshot& snapshot, base::Time now) {
  policy::Now at = wall_clock();
  {
    const std::lock_guard lock(mutex_);
    at.boots_too_often = counts_.terms().to_disk && counts_.too_often(facts.mac, now);
  }
  policy::Plan plan = policy::decide(facts, snapshot, at);
  if (!stops(plan)) return plan;
  at.installs_stopped = true;
  return policy::decide(facts, snapshot, at);
}

std::string Runs::offer(policy::Plan& plan, const Offered& offered, base::Time now) {
  const policy::Deployment* const deployment = deciding(plan);
  if (deployment == nullptr) return {};
  const std::string token = offered.reports ? new_token() : "";
  const auto hash = token.empty() ? std::nullopt : std::optional(hash_of(token));
  const policy::RunKey key{plan.identity.device->id, deployment->id};
  const std::int64_t when = unix_now_();
  const auto answer = change([&] {
    const auto made = runs_.on_offered(key, hash, offered.to, when);
    if (made == session::Runs::Offer::full) ++untracked_;
    return made;
  });
  if (answer == session::Runs::Offer::over) plan.outcome = policy::Abort{policy::Reason::nothing_to_do};
  if (answer != session::Runs::Offer::made) return {};
  if (offered.images_elsewhere && plan.boot()->prompt == policy::Prompting::none) {
    policy::Facts facts;
    facts.mac = plan.identity.device->macs.empty() ? base::Mac{} : plan.identity.device->macs.front();
    image_sent(facts, plan.identity.device, plan.boot()->choice, now);
  }
  return token;
}

void Runs::image_sent(const policy::Facts& facts, const policy::Device* device, const policy::Choice& choice,
                      base::Time now) {
  const std::int64_t when = unix_now_();
  const bool loops = change([&] {
    if (device != nullptr && choice.deployment != nullptr) {
      const policy::RunKey key{device->id, choice.deployment->id};
      const bool once = choice.deployment->once;
      switch (policy::run_kind(*choice.deployment)) {
        case policy::RunKind::none:
          break;
        case policy::RunKind::recorded:
          runs_.on_chosen(key, once, when);
          break;
        case policy::RunKind::decides:
          runs_.on_image_sent(key, once, when);
          break;
      }
    }
    const bool too_many = !facts.mac.is_zero() && counts_.on_boot(facts.mac, now);
    if (too_many) ++loops_;
    return too_many;
  });
  if (!loops) return;
  const auto terms = [&] {
    const std::lock_guard lock(mutex_);
    return counts_.terms();
  }();
  base::log(base::LogLevel::warning, component,
            "{}: has booted from the network {} times within {} minutes{}", facts.mac.print(), terms.boots,
            std::chrono::duration_cast<std::chrono::minutes>(terms.within).count(),
            terms.to_disk ? ": it goes on to its disk for as long" : "");
}

// --- reports ---------------------------------------------------------------------------------

std::optional<policy::Run> Runs::behind(const policy::TokenHash& token) const {
  const std::lock_guard lock(mutex_);
  const policy::Run* const run = runs_.behind(token);
  return run == nullptr ? std::nullopt : std::optional(*run);
}

void Runs::done(const policy::TokenHash& token) {
  change([&] { runs_.on_done(token, unix_now_()); });
}

void Runs::failed(const policy::TokenHash& token, std::string_view message) {
  change([&] { runs_.on_failed(token, message, unix_now_()); });
}

void Runs::progress(const policy::TokenHash& token, std::optional<unsigned> percent, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (const policy::Run* const run = runs_.behind(token)) progress_[run->key] = {percent, std::string(text)};
}

// --- news ------------------------------------------------------------------------------------

std::vector<std::string> Runs::take_news() {
  std::vector<std::string> lines;
  const auto events = runs_.take_events();
  const base::Time now = base::Clock::now();
  const auto site = events.empty() ? nullptr : site_();
  for (const session::RunEvent& event : events) {
    ++news_.at(static_cast<std::size_t>(event.news));
    if (event.news != RunNews::started) progress_.erase(event.run.key);
    const policy::BreakerMark before = breaker_.mark();
    if (event.news == RunNews::offered) breaker_.on_begun(event.run.offered);
    if (event.news == RunNews::done) breaker_.on_done();
    if (event.news == RunNews::failed || event.news == RunNews::silent) breaker_.on_failed(event.run.ended);
    breaker_changed_ = breaker_changed_ || before != breaker_.mark();
    if (base::log_enabled(base::LogLevel::info) && log_rate_.may_log(component, now)) {
      lines.push_back(words(event, *site));
    }
  }
  tell_breaker();
  return lines;
}

// --- records ---------------------------------------------------------------------------------

void Runs::schedule() {
  {
    const std::lock_guard lock(mutex_);
    if (!post_ || (!runs_.has_changed() && !breaker_changed_)) return;
  }
  if (scheduled_.exchange(true)) return;
  if (!post_([this](Administration& administration) { write(administration); })) scheduled_ = false;
}

void Runs::write(Administration& administration) {
  const std::lock_guard one_at_a_time(writing_);
  scheduled_ = false;
  std::vector<policy::Run> changed;
  std::optional<policy::BreakerMark> mark;
  {
    const std::lock_guard lock(mutex_);
    changed = runs_.take_changed();
    if (std::exchange(breaker_changed_, false)) mark = breaker_.mark();
  }
  const auto kept = keep_runs(administration, changed, mark);
  const std::lock_guard lock(mutex_);
  if (kept) {
    unwritten_.clear();
    return;
  }
  if (unwritten_ != kept.error().what) {
    base::log(base::LogLevel::error, component, "runs are not recorded for now: {}", kept.error().what);
  }
  unwritten_ = kept.error().what;
  runs_.not_written(std::move(changed));  // poll() tries again
  breaker_changed_ = breaker_changed_ || mark.has_value();
}

void Runs::poll() {
  change([&] { runs_.poll(unix_now_()); });
}

base::Status Runs::rerun(Administration& administration, std::int64_t device, std::int64_t deployment,
                         const std::string& who) {
  const std::lock_guard one_at_a_time(writing_);
  if (auto dropped = drop_runs(administration, device, deployment, who); !dropped) return dropped;
  const auto site = site_();
  const std::lock_guard lock(mutex_);
  runs_.forget(device, deployment);
  if (const policy::Device* const known = site->policy.device(device)) {
    for (const base::Mac& mac : known->macs) counts_.forget(mac);
  }
  return {};
}

void Runs::reset_breaker(const std::string& who) {
  base::log(base::LogLevel::info, component, "{} lets required deployments go on", who);
  change([&] {
    breaker_.reset();
    breaker_changed_ = true;
  });
}

}  // namespace site
