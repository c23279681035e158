// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/pending_machines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "policy/decide.h"
#include "site/records.h"
#include "site/wall_clock.h"

namespace site {
namespace {

constexpr std::string_view component = "pending";
// Counted in the store like the versions of an image, so that no number is ever given twice: who
// approves by an old list must not approve another machine.
constexpr const char* request_numbers = "pending";

// What tells the machine from others. An adapter's address goes with the adapter.
policy::Device device_of(const policy::Facts& facts, const policy::Identity& identity) {
  policy::Device device;
  device.state = policy::DeviceState::pending;
  if (facts.uuid && !identity.uuid_banned && !facts.uuid->is_blank()) device.uuid = facts.uuid;
  if (!identity.mac_wanders || !device.uuid) device.macs = {facts.mac};
  return device;
}

base::Result<store::Applied, store::Refused> put(Administration& administration, policy::Device& device) {
  store::Put step;
  step.record = device;
  return administration.apply({"the boot server", "auto-added", {std::move(step)}});
}

// The name, or the UUID, may be another device's by now: then by what is left.
base::Result<store::Applied, store::Refused> put_somehow(Administration& administration,
                                                         policy::Device& device, const base::Mac& mac) {
  auto applied = put(administration, device);
  const auto taken = [&] { return !applied && applied.error().why == store::Refused::Why::name_taken; };
  if (taken()) {
    device.name = mac.print_dashed();
    applied = put(administration, device);
  }
  if (taken() && device.uuid && !device.macs.empty()) {
    device.uuid.reset();
    applied = put(administration, device);
  }
  return applied;
}

}  // namespace

bool PendingMachines::may_wait(const policy::Facts& facts, const policy::AskApproval& ask,
                               const policy::PendingTerms& terms, bool polls, base::Time now) {
  bool waits = true, recorded_later = false;
  {
    const std::lock_guard lock(mutex_);
    waits = book_.on_asked(facts, terms, polls, now, wall_clock().unix_seconds);
    if (ask.device == nullptr && !under_way_.contains(facts.mac)) {
      recorded_later = under_way_.size() < most_under_way;
      if (recorded_later) {
        under_way_.insert(facts.mac);
      } else {
        ++counts_.busy;
      }
    }
  }
  if (!recorded_later) return waits;
  const bool taken = post_([this, facts](Administration& administration) {
    record(administration, facts);
    const std::lock_guard lock(mutex_);
    under_way_.erase(facts.mac);
  });
  if (!taken) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(facts.mac);
    ++counts_.busy;
  }
  return waits;
}

void PendingMachines::record(Administration& administration, const policy::Facts& facts) {
  const auto site = administration.site();
  const policy::Plan plan = policy::decide(facts, site->policy, wall_clock());
  const auto* const ask = std::get_if<policy::AskApproval>(&plan.outcome);
  if (ask == nullptr || ask->device != nullptr) return;  // somebody was quicker
  if (!has_room(site)) {
    count(&Counts::full);
    if (log_rate_.may_log(component, base::Clock::now())) {
      base::log(base::LogLevel::warning, component,
                "{} is not listed: {} machines wait for an approval already. Approve or reject some, or "
                "switch add_unknown off",
                facts.mac.print(), devices_);
    }
    return;
  }
  const auto number =
      administration.look([](SiteRecords& records) { return records.store().next_version(request_numbers); });
  policy::Device device = device_of(facts, plan.identity);
  device.request = number ? static_cast<std::uint32_t>(*number) : 0;
  device.name = fmt::format("pending-{}", device.request);
  std::string fault = number ? "" : number.error().what;
  if (number) {
    if (const auto applied = put_somehow(administration, device, facts.mac); !applied) {
      fault = applied.error().what;
    }
  }
  if (!fault.empty()) {
    count(&Counts::failed);
    if (log_rate_.may_log(component, base::Clock::now())) {
      base::log(base::LogLevel::error, component, "{} is not listed: {}", facts.mac.print(), fault);
    }
    return;
  }
  counted_ = administration.site();
  ++devices_;
  count(&Counts::recorded);
  if (log_rate_.may_log(component, base::Clock::now())) {
    base::log(base::LogLevel::info, component, "{} waits for an approval: request {}, device {}",
              facts.mac.print(), device.request, device.name);
  }
}

// Counted anew only after somebody else's change.
bool PendingMachines::has_room(const std::shared_ptr<const Site>& site) {
  if (counted_.lock() != site) {
    devices_ = 0;
    site->policy.each_device([&](const policy::Device& device) {
      if (device.state == policy::DeviceState::pending) ++devices_;
    });
    counted_ = site;
  }
  return devices_ < most_devices;
}

std::vector<PendingMachine> PendingMachines::list(const policy::Snapshot& snapshot, base::Time now) {
  std::vector<PendingMachine> all;
  snapshot.each_device([&](const policy::Device& device) {
    if (device.state != policy::DeviceState::pending) return;
    all.push_back({device.request, device.name, device.macs, device.uuid, std::nullopt});
  });
  std::ranges::sort(all, {}, &PendingMachine::request);
  const std::lock_guard lock(mutex_);
  for (PendingMachine& machine : all) {
    for (const base::Mac& mac : machine.macs) {
      if (const session::PendingSeen* const seen = book_.find(mac, now); seen != nullptr)
        machine.seen = *seen;
    }
  }
  return all;
}

PendingMachines::Counts PendingMachines::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void PendingMachines::count(std::uint64_t Counts::*what) {
  const std::lock_guard lock(mutex_);
  ++(counts_.*what);
}

}  // namespace site
