// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "api/model_text.h"
#include "base/overloaded.h"

namespace api {
namespace {

using store::Kind;

// What is new comes last, as the store would number it.
template <class Value>
void put(std::vector<Value>& records, const Value& value) {
  const auto found = std::ranges::find(records, value.id, &Value::id);
  if (found != records.end()) {
    *found = value;
  } else {
    records.push_back(value);
  }
}

class Imagined {
 public:
  explicit Imagined(const policy::Snapshot& site) : site_(site), model_(site.model()) {}

  void take(const store::Put& step) {
    std::visit(base::Overloaded{
                   [&](const policy::Device& one) { devices_[one.id] = one; },
                   [&](const store::ImageRecord& one) { put(model_.images, one.image); },
                   [&](const policy::Collection& one) { put(model_.collections, one); },
                   [&](const policy::TaskSequence& one) { put(model_.task_sequences, one); },
                   [&](const policy::Program& one) { put(model_.programs, one); },
                   [&](const policy::Deployment& one) { put(model_.deployments, one); },
                   [&](const policy::Network& one) { put(model_.networks, one); },
                   [&](const policy::BootServer& one) { put(model_.servers, one); },
                   [&](const policy::Referral& one) { put(model_.referrals, one); },
               },
               step.record);
  }

  void take(const store::Remove& step) {
    const auto gone = [&](const auto& record) { return record.id == step.id; };
    switch (step.kind) {
      case Kind::device:
        devices_[step.id] = std::nullopt;
        break;
      case Kind::collection:
        std::erase_if(model_.collections, gone);
        break;
      case Kind::image:
        std::erase_if(model_.images, gone);
        break;
      case Kind::task_sequence:
        std::erase_if(model_.task_sequences, gone);
        break;
      case Kind::program:
        std::erase_if(model_.programs, gone);
        break;
      case Kind::deployment:
        std::erase_if(model_.deployments, gone);
        break;
      case Kind::network:
        std::erase_if(model_.networks, gone);
        break;
      case Kind::server:
        std::erase_if(model_.servers, gone);
        break;
      case Kind::referral:
        std::erase_if(model_.referrals, gone);
        break;
      case Kind::settings:
        break;
    }
  }

  void take(const store::SetSettings& step) {
    model_.policy = step.settings.policy;
    model_.ignored_macs = step.settings.ignored_macs;
    model_.wandering_macs = step.settings.wandering_macs;
    model_.banned_uuids = step.settings.banned_uuids;
  }

  base::Result<policy::Snapshot> finish() && {
    std::vector<policy::Device> put;
    std::vector<std::int64_t> removed;
    for (auto& [id, device] : devices_) {
      if (device) {
        put.push_back(std::move(*device));
      } else {
        removed.push_back(id);
      }
    }
    auto after = site_.with(std::move(model_));
    if (after && !devices_.empty()) *after = after->with_devices(std::move(put), removed);
    return after;
  }

 private:
  const policy::Snapshot& site_;
  policy::SiteModel model_;
  std::map<std::int64_t, std::optional<policy::Device>> devices_;
};

}  // namespace

base::Result<policy::Snapshot> snapshot_with(const policy::Snapshot& site, const store::Batch& batch) {
  Imagined imagined(site);
  for (const store::Step& step : batch.steps) std::visit([&](const auto& one) { imagined.take(one); }, step);
  return std::move(imagined).finish();
}

}  // namespace api
