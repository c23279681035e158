// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/placeholders.h"

#include <memory>
#include <utility>

#include "base/overloaded.h"
#include "store/shape.h"

namespace store {
namespace {

// `visit` with each number of another record in this one.
template <class Visit>
void each_reference(Record& record, const Visit& visit) {
  const auto visit_all = [&](auto& ids) {
    for (auto& id : ids) visit(id);
  };
  std::visit(base::Overloaded{
                 [&](policy::Device& device) {
                   visit_all(device.collections);
                   if (device.more == nullptr) return;
                   policy::DeviceExtras more = *device.more;
                   visit(more.image);
                   visit(more.referral);
                   for (policy::RunMark& run : more.runs) visit(run.deployment);
                   if (more != *device.more)
                     device.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
                 },
                 [&](policy::Collection& collection) {
                   visit_all(collection.includes);
                   visit_all(collection.excludes);
                   visit(collection.referral);
                 },
                 [&](policy::TaskSequence& sequence) { visit(sequence.image); },
                 [&](policy::Deployment& deployment) {
                   if (auto* boot = std::get_if<policy::ToBoot>(&deployment.what)) visit(boot->image);
                   if (auto* run = std::get_if<policy::ToRun>(&deployment.what)) visit(run->task_sequence);
                   if (auto* to = std::get_if<policy::ToCollection>(&deployment.target)) visit(to->id);
                   if (auto* to = std::get_if<policy::ToDevice>(&deployment.target)) visit(to->id);
                 },
                 [&](policy::Network& network) { visit(network.referral); },
                 [&](policy::Referral& referral) {
                   for (auto& share : referral.shares) visit(share.server);
                 },
                 [](ImageRecord&) {},
                 [](policy::Program&) {},
                 [](policy::BootServer&) {},
             },
             record);
}

}  // namespace

std::optional<std::int64_t> Placeholders::number(std::int64_t id) const {
  if (id >= 0) return id;
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> Placeholders::resolve(Record& record) const {
  std::optional<std::int64_t> unknown;
  bool changed = false;
  each_reference(record, [&](std::int64_t& id) {
    if (id >= 0) return;
    if (const auto found = number(id)) {
      id = *found;
      changed = true;
    } else if (!unknown) {
      unknown = id;
    }
  });
  if (changed) tidy(record);
  return unknown;
}

}  // namespace store
