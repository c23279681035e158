// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/reach.h"

#include "api/compare.h"
#include "base/overloaded.h"

namespace management {

MembersOf::MembersOf(const policy::Snapshot& site, std::int64_t collection)
    : collections_(site.collections()), position_(collections_.position(collection)) {}

bool MembersOf::has(const policy::Device& device) {
  if (!position_) return false;
  collections_.members(device, api::facts_of_record(device), memberships_);
  return memberships_.in(*position_);
}

Reach reach_of(const policy::Deployment& deployment, const policy::Snapshot& site) {
  const auto served = [](const policy::Device& device) {
    return device.state == policy::DeviceState::approved;
  };
  Reach reach;
  std::visit(base::Overloaded{
                 [&](const policy::ToCollection& to) {
                   MembersOf members(site, to.id);
                   site.each_device([&](const policy::Device& device) {
                     if (served(device) && members.has(device)) ++reach.machines;
                   });
                 },
                 [&](const policy::ToDevice& to) {
                   const policy::Device* device = site.device(to.id);
                   reach.machines = device != nullptr && served(*device) ? 1 : 0;
                 },
                 [&](const policy::ToUnknown&) { reach.unknown = true; },
                 [&](const policy::ToAll&) {
                   reach.unknown = true;
                   site.each_device([&](const policy::Device& device) {
                     if (!served(device)) return;
                     if (!deployment.condition ||
                         deployment.condition->matches(api::facts_of_record(device), device.name)) {
                       ++reach.machines;
                     }
                   });
                 },
             },
             deployment.target);
  return reach;
}

}  // namespace management
