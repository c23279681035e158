// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/run_keeper.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/log.h"

namespace site {
namespace {

using policy::RunEnd;
using policy::RunMark;

std::optional<RunEnd> end_of(const policy::Run& run) {
  if (run.state == policy::RunState::done) return RunEnd::done;
  return run.held ? std::optional(RunEnd::held) : std::nullopt;
}

policy::Device with_runs(policy::Device device, std::vector<RunMark> runs) {
  policy::DeviceExtras more = device.extras();
  more.runs = std::move(runs);
  device.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
  return device;
}

// Somebody else may change a device at the same moment: then it is looked at again. `marks_of`
// gives a device its marks, or nothing where it has them already. A device that no record can be
// made of must not keep the others from theirs: it is said and left out.
template <class MarksOf>
base::Status mark(Administration& administration, const std::vector<std::int64_t>& devices,
                  const std::string& who, const std::string& verb, const MarksOf& marks_of) {
  for (int tries = 0;; ++tries) {
    const auto batch = administration.look([&](SiteRecords& records) -> base::Result<store::Batch> {
      store::Batch out{who, verb, {}};
      for (const std::int64_t id : devices) {
        const policy::Device* const device = records.snapshot().device(id);
        if (device == nullptr) continue;
        auto marks = marks_of(*device, records.snapshot());
        if (!marks) continue;
        const auto revision = records.store().revision(store::Kind::device, id);
        if (!revision) return tl::unexpected(revision.error());
        out.steps.push_back(store::Put{with_runs(*device, std::move(*marks)), *revision});
      }
      return out;
    });
    if (!batch) return tl::unexpected(batch.error());
    if (batch->steps.empty()) return {};
    const auto applied = administration.apply(*batch);
    if (applied) return {};
    const store::Refused& refused = applied.error();
    if (refused.why == store::Refused::Why::stale && tries < 3) continue;
    if (refused.why == store::Refused::Why::stale || refused.why == store::Refused::Why::not_written) {
      return base::fail("{}", refused.what);
    }
    if (devices.size() == 1) {
      base::log(base::LogLevel::error, "run", "not recorded: {}", refused.what);
      return {};
    }
    for (const std::int64_t id : devices) {
      if (auto one = mark(administration, {id}, who, verb, marks_of); !one) return one;
    }
    return {};
  }
}

base::Status mark_end(Administration& administration, std::span<const policy::Run> runs, RunEnd end,
                      const std::string& who, const std::string& verb) {
  std::map<std::int64_t, std::vector<std::int64_t>> deployments;  // by device
  for (const policy::Run& run : runs) {
    if (end_of(run) == end) deployments[run.key.device].push_back(run.key.deployment);
  }
  std::vector<std::int64_t> devices;
  for (const auto& [device, ignored] : deployments) devices.push_back(device);
  return mark(administration, devices, who, verb,
              [&](const policy::Device& device,
                  const policy::Snapshot& snapshot) -> std::optional<std::vector<RunMark>> {
                std::vector<RunMark> marks = device.extras().runs;
                for (const std::int64_t deployment : deployments[device.id]) {
                  if (snapshot.deployment(deployment) == nullptr) continue;
                  std::erase_if(marks, [&](const RunMark& one) { return one.deployment == deployment; });
                  marks.push_back({deployment, end});
                }
                std::ranges::sort(marks, {}, &RunMark::deployment);
                return marks == device.extras().runs ? std::nullopt : std::optional(std::move(marks));
              });
}

}  // namespace

base::Status keep_runs(Administration& administration, std::span<const policy::Run> runs,
                       const std::optional<policy::BreakerMark>& breaker) {
  if (auto marked = mark_end(administration, runs, RunEnd::done, "the machine", "done"); !marked)
    return marked;
  if (auto marked = mark_end(administration, runs, RunEnd::held, "the server", "held"); !marked)
    return marked;
  return administration.look([&](SiteRecords& records) { return records.store().put_runs(runs, breaker); });
}

base::Status drop_runs(Administration& administration, std::int64_t device, std::int64_t deployment,
                       const std::string& who) {
  const auto marked = mark(
      administration, {device}, who, "rerun",
      [&](const policy::Device& one, const policy::Snapshot&) -> std::optional<std::vector<RunMark>> {
        std::vector<RunMark> marks = one.extras().runs;
        std::erase_if(marks, [&](const RunMark& m) { return deployment == 0 || m.deployment == deployment; });
        return marks == one.extras().runs ? std::nullopt : std::optional(std::move(marks));
      });
  if (!marked) return marked;
  return administration.look(
      [&](SiteRecords& records) { return records.store().remove_runs(device, deployment); });
}

}  // namespace site
