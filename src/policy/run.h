// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a deployment on one machine, from the first offer to its end. Decisions know only
// how it ended (policy::RunMark); this is what people see, and what is kept until then.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "policy/deployment.h"

namespace policy {

enum class RunState : std::uint8_t {
  offered,  // a script or menu that boots it was rendered for the machine
  started,  // its boot image was wholly fetched
  done,     // the machine said so, or it was to be started once and was
  failed,   // the machine said so
  silent,   // no word in time, or it came back without one
};
std::string_view print(RunState state);
std::optional<RunState> parse_run_state(std::string_view text);

struct RunKey {
  std::int64_t device = 0;
  std::int64_t deployment = 0;
  auto operator<=>(const RunKey&) const = default;
};

// SHA-256 of the word that a boot reports with; the word itself is never kept.
using TokenHash = std::array<std::uint8_t, 32>;

struct Run {
  RunKey key;
  RunState state = RunState::offered;
  bool held = false;                                 // failed or silent so often that it waits for a person
  std::int64_t offered = 0, started = 0, ended = 0;  // Unix seconds; 0: not, in this try
  std::uint32_t failures = 0;                        // tries that failed or fell silent
  std::string message;                               // why the last of them did; one line
  std::optional<TokenHash> token;                    // of the present try
  base::Ip address;                                  // whose machine may report with it
  bool operator==(const Run&) const = default;
};

// Where the site's installs stand as a whole (session/install_breaker.h).
struct BreakerMark {
  std::uint32_t failures_in_row = 0;
  std::int64_t stopped_at = 0;  // Unix seconds; 0: they go on
  bool operator==(const BreakerMark&) const = default;
};

// What of a deployment is kept about a machine that boots it.
enum class RunKind : std::uint8_t {
  none,      // booted again and again: nothing ends
  recorded,  // chosen at the machine: that it started
  decides,   // required until it is done
};
RunKind run_kind(const Deployment& deployment);

}  // namespace policy
