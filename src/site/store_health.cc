// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/store_health.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "base/log.h"

namespace site {
namespace {

constexpr std::string_view component = "store";

}  // namespace

std::string print(const Degraded& degraded) {
  return fmt::format(
      "DEGRADED since {:%Y-%m-%d %H:%M:%S}: machines boot from the last snapshot, changes are refused: {}",
      fmt::localtime(static_cast<std::time_t>(degraded.since)), degraded.why);
}

void StoreHealth::set(std::optional<Degraded>& which, std::optional<std::string> why) {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    if (!why && !which) return;
    const bool known = why && which;
    const std::int64_t since = known ? which->since : std::time(nullptr);
    if (known && which->why == *why) return;
    if (why) {
      which = Degraded{std::move(*why), since};
      line = print(*which);
    } else {
      which.reset();
      if (!from_copy_ && !missing_ && !not_written_) line = "no longer degraded: changes are kept again";
    }
  }
  if (line.empty()) return;
  base::log(why ? base::LogLevel::error : base::LogLevel::info, component, "{}", line);
}

void StoreHealth::started_from_copy(std::string why) { set(from_copy_, std::move(why)); }
void StoreHealth::missing(std::optional<std::string> why) { set(missing_, std::move(why)); }
void StoreHealth::not_written(std::string why) { set(not_written_, std::move(why)); }
void StoreHealth::written() { set(not_written_, std::nullopt); }

void StoreHealth::not_copied(std::optional<std::string> why) {
  {
    const std::lock_guard lock(mutex_);
    if (why == not_copied_) return;
    not_copied_ = why;
  }
  if (why) {
    base::log(base::LogLevel::warning, component, "{}", *why);
  } else {
    base::log(base::LogLevel::info, component, "the records are copied again");
  }
}

std::optional<Degraded> StoreHealth::degraded() const {
  const std::lock_guard lock(mutex_);
  for (const auto* each : {&from_copy_, &missing_, &not_written_}) {
    if (*each) return *each;
  }
  return std::nullopt;
}

std::optional<std::string> StoreHealth::copy_problem() const {
  const std::lock_guard lock(mutex_);
  return not_copied_;
}

}  // namespace site
