// SPDX-License-Identifier: GPL-3.0-or-later
// Records as a snapshot has them, and what of them outlives a change.
#include <algorithm>
#include <memory>

#include "api/record_json.h"
#include "base/overloaded.h"

namespace api {
namespace {

using store::Kind;

template <class Value>
std::optional<store::Record> find(const std::vector<Value>& records, std::int64_t id) {
  const auto found = std::ranges::find(records, id, &Value::id);
  if (found == records.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::optional<store::Record> record_of(const policy::Snapshot& snapshot, Kind kind, std::int64_t id) {
  const policy::SiteModel& model = snapshot.model();
  switch (kind) {
    case Kind::device:
      if (const policy::Device* device = snapshot.device(id)) return *device;
      return std::nullopt;
    case Kind::image:
      if (const policy::Image* image = snapshot.image(id)) return store::ImageRecord{*image, "", 0};
      return std::nullopt;
    case Kind::collection:
      return find(model.collections, id);
    case Kind::task_sequence:
      return find(model.task_sequences, id);
    case Kind::program:
      return find(model.programs, id);
    case Kind::deployment:
      return find(model.deployments, id);
    case Kind::network:
      return find(model.networks, id);
    case Kind::server:
      return find(model.servers, id);
    case Kind::referral:
      return find(model.referrals, id);
    case Kind::settings:
      break;
  }
  return std::nullopt;
}

store::SiteSettings settings_of(const policy::Snapshot& snapshot) {
  const policy::SiteModel& model = snapshot.model();
  return {model.policy, model.ignored_macs, model.wandering_macs, model.banned_uuids};
}

void keep_what_clients_cannot_set(store::Record& next, const store::Record* present, std::int64_t now) {
  std::visit(base::Overloaded{
                 [&](policy::Device& device) {
                   const auto* before = present != nullptr ? std::get_if<policy::Device>(present) : nullptr;
                   if (before == nullptr) return;
                   device.id = before->id;
                   if (device.state == policy::DeviceState::pending) device.request = before->request;
                   policy::DeviceExtras more = device.extras();
                   more.runs = before->extras().runs;
                   device.more = more == policy::DeviceExtras{}
                                     ? nullptr
                                     : std::make_shared<const policy::DeviceExtras>(std::move(more));
                 },
                 [&](policy::Deployment& deployment) {
                   const auto* before =
                       present != nullptr ? std::get_if<policy::Deployment>(present) : nullptr;
                   if (before != nullptr) deployment.id = before->id;
                   deployment.created = before != nullptr ? before->created : now;
                 },
                 [&](store::ImageRecord& image) {
                   if (present != nullptr) image.image.id = store::id_of(*present);
                 },
                 [&](auto& other) {
                   if (present != nullptr) other.id = store::id_of(*present);
                 },
             },
             next);
}

}  // namespace api
