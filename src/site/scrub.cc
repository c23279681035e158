// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/scrub.h"

#include <fmt/format.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace site {
namespace {

constexpr auto keep_every = std::chrono::seconds(30);

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The disk and the processor are everybody else's first. Where the system refuses, the pace alone
// has to do.
void step_back() {
  static_cast<void>(
      ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19));
}

}  // namespace

std::string print(const ScrubState& state) {
  std::string text = fmt::format("finished {}\n", state.finished);
  if (state.after) text += fmt::format("after {}\n", base::print(*state.after));
  return text + fmt::format("damaged {}\n", state.damaged);
}

ScrubState parse_scrub_state(std::string_view text) {
  ScrubState state;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == line.npos) continue;
    const std::string_view word = line.substr(0, space), value = line.substr(space + 1);
    if (word == "finished") state.finished = number<std::int64_t>(value).value_or(0);
    if (word == "after") state.after = base::parse_sha256(value);
    if (word == "damaged") state.damaged = number<std::uint64_t>(value).value_or(0);
  }
  return state;
}

Scrub::Scrub(std::string file, Verify verify, Pace pace)
    : file_(std::move(file)), verify_(std::move(verify)), pace_(pace) {
  std::ifstream in(file_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  state_ = parse_scrub_state(std::string_view(text).substr(0, 4096));
  report_.finished = state_.finished;
  report_.damaged = state_.damaged;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ScrubReport Scrub::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Scrub::run(const std::stop_token& stop) {
  step_back();
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const std::int64_t now = std::time(nullptr);
    // Also where the clock was set back.
    const bool due = now < state_.finished || now - state_.finished >= pace_.every.count();
    if (due || state_.after) pass(stop);
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, pace_.look_every, [] { return false; });
  }
}

void Scrub::pass(const std::stop_token& stop) {
  if (!state_.after) state_.damaged = 0;
  content::Library::Verify wish;
  wish.after = state_.after;
  wish.octets_per_second = pace_.octets_per_second;
  wish.stop = stop;
  wish.progress = [this](std::uint64_t done, std::uint64_t total) {
    const std::lock_guard lock(mutex_);
    report_.running = true;
    report_.done = done;
    report_.total = total;
  };
  auto kept = std::chrono::steady_clock::now();
  wish.passed = [&](const base::Sha256& hash) {
    state_.after = hash;
    if (const auto now = std::chrono::steady_clock::now(); now - kept >= keep_every) {
      kept = now;
      keep(state_);
    }
  };
  const auto damaged = verify_(wish);
  if (!damaged) base::log(base::LogLevel::error, "library", "it cannot be read: {}", damaged.error().what);
  state_.damaged += damaged.value_or(0);
  // A disk that cannot be read at all is asked again in a week, too; `problems` has said it.
  if (!stop.stop_requested()) {
    state_.after.reset();
    state_.finished = std::time(nullptr);
  }
  keep(state_);
  const std::lock_guard lock(mutex_);
  report_ = {state_.finished, state_.damaged, false, 0, 0};
}

void Scrub::keep(const ScrubState& state) const {
  // Not synced: what a power cut takes of it is read once more.
  const std::string fresh = file_ + ".new";
  if (std::ofstream out(fresh, std::ios::binary); !(out << print(state)) || !out.flush()) return;
  static_cast<void>(std::rename(fresh.c_str(), file_.c_str()));
}

}  // namespace site
