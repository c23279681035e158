// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/run.h"

namespace policy {

std::string_view print(RunState state) {
  switch (state) {
    case RunState::offered:
      return "offered";
    case RunState::started:
      return "started";
    case RunState::done:
      return "done";
    case RunState::failed:
      return "failed";
    case RunState::silent:
      return "silent";
  }
  return "unknown";
}

std::optional<RunState> parse_run_state(std::string_view text) {
  for (const RunState state :
       {RunState::offered, RunState::started, RunState::done, RunState::failed, RunState::silent}) {
    if (print(state) == text) return state;
  }
  return std::nullopt;
}

RunKind run_kind(const Deployment& deployment) {
  if (deployment.again) return RunKind::none;
  return deployment.purpose == Purpose::required ? RunKind::decides : RunKind::recorded;
}

}  // namespace policy
