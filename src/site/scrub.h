// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the whole content library once a week, so slowly that nobody else waits for the disk, to
// find damage before a machine does. Where it stands is kept in a small file: a pass goes on after
// a start.
//
//   finished 1767225600          when the last whole pass ended, in Unix seconds; 0: none yet
//   after e8a136…                a pass is under way, and this file was the last that it read
//   damaged 0                    files that this pass, or else the last one, found damaged
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "content/library.h"

namespace site {

struct ScrubState {
  std::int64_t finished = 0;
  std::optional<base::Sha256> after;
  std::uint64_t damaged = 0;
  bool operator==(const ScrubState&) const = default;
};
std::string print(const ScrubState& state);
// What cannot be read is a pass from the start.
ScrubState parse_scrub_state(std::string_view text);

// As `bootferry status` shows it.
struct ScrubReport {
  std::int64_t finished = 0;
  std::uint64_t damaged = 0;
  bool running = false;
  std::uint64_t done = 0, total = 0;  // octets of the pass under way, since the start of the server
};

class Scrub {
 public:
  struct Pace {
    std::chrono::seconds every = std::chrono::hours(7 * 24);
    std::uint64_t octets_per_second = 32U << 20U;
    std::chrono::milliseconds look_every = std::chrono::minutes(1);
  };
  // Reads by `wish`, and says how many files were damaged.
  using Verify = std::function<base::Result<std::uint64_t>(content::Library::Verify wish)>;
  Scrub(std::string file, Verify verify, Pace pace);
  // Stops at once.
  ~Scrub() = default;
  Scrub(const Scrub&) = delete;
  Scrub& operator=(const Scrub&) = delete;

  [[nodiscard]] ScrubReport report() const;  // any thread

 private:
  void run(const std::stop_token& stop);
  void pass(const std::stop_token& stop);
  void keep(const ScrubState& state) const;

  const std::string file_;
  const Verify verify_;
  const Pace pace_;
  mutable std::mutex mutex_;  // guards report_
  ScrubReport report_;
  ScrubState state_;     // its thread's own
  std::jthread thread_;  // ends first
};

}  // namespace site
