// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/open_records.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>
#include <utility>

namespace site {
namespace {

// The store, with somebody who takes down how changes fare.
class WatchedStore final : public store::Store {
 public:
  WatchedStore(std::unique_ptr<store::Store> store, StoreHealth& health, std::function<void()> changed)
      : store_(std::move(store)), health_(health), changed_(std::move(changed)) {}

  base::Result<store::Everything> load() override { return store_->load(); }
  base::Result<store::Applied, store::Refused> apply(const store::Batch& batch, const Veto& veto) override {
    auto applied = store_->apply(batch, veto);
    if (applied) {
      written();
    } else if (applied.error().why == store::Refused::Why::not_written) {
      health_.not_written(applied.error().what);
    }
    return applied;
  }
  base::Result<std::optional<std::int64_t>> revision(store::Kind kind, std::int64_t id) override {
    return store_->revision(kind, id);
  }
  base::Result<std::vector<store::Event>> events(std::int64_t after, std::size_t count) override {
    return store_->events(after, count);
  }
  base::Result<std::int64_t> next_version(const std::string& place) override {
    auto number = store_->next_version(place);
    if (number) {
      written();
    } else {
      health_.not_written(number.error().what);
    }
    return number;
  }
  base::Result<std::int64_t> last_version(const std::string& place) override {
    return store_->last_version(place);
  }
  base::Result<std::vector<policy::Run>> runs(const store::RunQuery& query) override {
    return store_->runs(query);
  }
  base::Status put_runs(std::span<const policy::Run> runs,
                        const std::optional<policy::BreakerMark>& breaker) override {
    return noted(store_->put_runs(runs, breaker));
  }
  base::Status remove_runs(std::int64_t device, std::int64_t deployment) override {
    return noted(store_->remove_runs(device, deployment));
  }
  base::Result<policy::BreakerMark> breaker() override { return store_->breaker(); }
  base::Status look() override { return store_->look(); }
  base::Status back_up(const std::string& path) override { return store_->back_up(path); }

 private:
  base::Status noted(base::Status done) {
    if (done) {
      written();
    } else {
      health_.not_written(done.error().what);
    }
    return done;
  }
  void written() {
    health_.written();
    if (changed_) changed_();
  }

  std::unique_ptr<store::Store> store_;
  StoreHealth& health_;
  std::function<void()> changed_;
};

base::Result<std::unique_ptr<SiteRecords>> from_database(const StateDirectory& state,
                                                         policy::Settings settings, StoreHealth& health,
                                                         std::function<void()> changed) {
  auto store = store::open_sqlite(state.database());
  if (!store) return tl::unexpected(store.error());
  return SiteRecords::open(std::make_unique<WatchedStore>(std::move(*store), health, std::move(changed)),
                           settings);
}

std::string age_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return "an unknown time";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(facts.st_mtime));
}

// What is wrong, with what to do about it.
std::string with_remedy(const std::string& fault, const StateDirectory& state) {
  return fmt::format(
      "{}. While the server is stopped, the copy that was kept can take its place: rm -f {}-*; cp -p {} {}",
      fault, state.database(), state.copy(), state.database());
}

}  // namespace

base::Result<std::unique_ptr<SiteRecords>> open_records(const StateDirectory& state,
                                                        policy::Settings settings, Opening how,
                                                        StoreHealth& health, std::function<void()> changed) {
  struct stat facts {};
  const bool copied = ::stat(state.copy().c_str(), &facts) == 0;
  std::string fault;
  if (state.found_database() || !copied) {
    auto records = from_database(state, settings, health, std::move(changed));
    if (records || !copied) return records;
    fault = records.error().what;
  } else {
    // Made anew it would be an empty site, and the next copy one of that.
    fault = fmt::format("{} is gone", state.database());
  }
  if (how == Opening::to_change) {
    return base::fail("{}", with_remedy(fault, state));
  }
  const std::string why = with_remedy(fault, state);
  auto store = store::open_sqlite_copy(state.copy(), why);
  if (!store) return base::fail("{}; the copy cannot be used: {}", fault, store.error().what);
  auto records = SiteRecords::open(std::move(*store), settings);
  if (!records) return base::fail("{}; the copy cannot be used: {}", fault, records.error().what);
  health.started_from_copy(fmt::format("records as of {}; {}", age_of(state.copy()), why));
  return records;
}

}  // namespace site
