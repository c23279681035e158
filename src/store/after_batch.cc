// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/after_batch.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/overloaded.h"
#include "store/placeholders.h"

namespace store {
namespace {

std::int64_t number_of(const ImageRecord& record) { return record.image.id; }
template <class Value>
std::int64_t number_of(const Value& value) {
  return value.id;
}

// Puts or removes in a list that is in the order of its ids.
template <class Value>
auto place_of(std::vector<Value>& list, std::int64_t id) {
  return std::ranges::lower_bound(list, id, {}, [](const Value& each) { return number_of(each); });
}
template <class Value>
void put(std::vector<Value>& list, Value value) {
  const auto at = place_of(list, number_of(value));
  if (at != list.end() && number_of(*at) == number_of(value)) {
    *at = std::move(value);
  } else {
    list.insert(at, std::move(value));
  }
}
template <class Value>
void remove(std::vector<Value>& list, std::int64_t id) {
  const auto at = place_of(list, id);
  if (at != list.end() && number_of(*at) == id) list.erase(at);
}

// The model is copied only when something else than devices changes: those are shared, and changed
// in the snapshot.
class Change {
 public:
  Change(const policy::Snapshot& snapshot, const std::vector<ImageRecord>& images)
      : before_(snapshot), images_before_(images) {}

  void take(Put step, std::int64_t id) {
    placeholders_.name(id_of(step.record), id);
    set_id(step.record, id);
    placeholders_.resolve(step.record);
    std::visit(base::Overloaded{
                   [&](policy::Device& device) { devices_[id] = std::move(device); },
                   [&](ImageRecord& record) {
                     put(model().images, record.image);
                     put(images(), std::move(record));
                   },
                   [&](policy::Collection& record) { put(model().collections, std::move(record)); },
                   [&](policy::TaskSequence& record) { put(model().task_sequences, std::move(record)); },
                   [&](policy::Program& record) { put(model().programs, std::move(record)); },
                   [&](policy::Deployment& record) { put(model().deployments, std::move(record)); },
                   [&](policy::Network& record) { put(model().networks, std::move(record)); },
                   [&](policy::BootServer& record) { put(model().servers, std::move(record)); },
                   [&](policy::Referral& record) { put(model().referrals, std::move(record)); },
               },
               step.record);
  }

  void take(const Remove& step, std::int64_t id) {
    switch (step.kind) {
      case Kind::device:
        devices_[id] = std::nullopt;
        break;
      case Kind::collection:
        remove(model().collections, id);
        break;
      case Kind::image:
        remove(images(), id);
        remove(model().images, id);
        break;
      case Kind::task_sequence:
        remove(model().task_sequences, id);
        break;
      case Kind::program:
        remove(model().programs, id);
        break;
      case Kind::deployment:
        remove(model().deployments, id);
        deployments_gone_.push_back(id);
        break;
      case Kind::network:
        remove(model().networks, id);
        break;
      case Kind::server:
        remove(model().servers, id);
        break;
      case Kind::referral:
        remove(model().referrals, id);
        break;
      case Kind::settings:
        break;
    }
  }

  void take(const SetSettings& step, std::int64_t) {
    model().policy = step.settings.policy;
    model().ignored_macs = step.settings.ignored_macs;
    model().wandering_macs = step.settings.wandering_macs;
    model().banned_uuids = step.settings.banned_uuids;
  }

  base::Result<policy::Snapshot> finish() {
    policy::Snapshot after = before_;
    if (model_) {
      auto with = before_.with(std::move(*model_));
      if (!with) return with;
      after = std::move(*with);
    }
    forget_runs();
    std::vector<policy::Device> put;
    std::vector<std::int64_t> removed;
    for (auto& [id, device] : devices_) {
      if (device) {
        put.push_back(std::move(*device));
      } else {
        removed.push_back(id);
      }
    }
    if (!devices_.empty()) after = after.with_devices(std::move(put), removed);
    return after;
  }
  // Nothing where they are as before.
  std::optional<std::vector<ImageRecord>> new_images() { return std::move(images_); }

 private:
  policy::SiteModel& model() {
    if (!model_) model_ = before_.model();
    return *model_;
  }
  std::vector<ImageRecord>& images() {
    if (!images_) images_ = images_before_;
    return *images_;
  }
  // What became of a deployment goes with it: numbers are never used again.
  void forget_runs() {
    if (deployments_gone_.empty()) return;
    std::ranges::sort(deployments_gone_);
    const auto gone = [&](const policy::RunMark& mark) {
      return std::ranges::binary_search(deployments_gone_, mark.deployment);
    };
    before_.each_device([&](const policy::Device& device) {
      if (devices_.contains(device.id) || std::ranges::none_of(device.extras().runs, gone)) return;
      policy::DeviceExtras more = device.extras();
      std::erase_if(more.runs, gone);
      policy::Device without = device;
      without.more =
          more == policy::DeviceExtras{} ? nullptr : std::make_shared<const policy::DeviceExtras>(more);
      devices_[device.id] = std::move(without);
    });
  }
  const policy::Snapshot& before_;
  const std::vector<ImageRecord>& images_before_;
  std::optional<std::vector<ImageRecord>> images_;
  std::optional<policy::SiteModel> model_;
  Placeholders placeholders_;
  std::unordered_map<std::int64_t, std::optional<policy::Device>> devices_;  // nothing: removed
  std::vector<std::int64_t> deployments_gone_;
};

// Behind every number that the site has.
std::int64_t first_free(const policy::Snapshot& site) {
  std::int64_t last = 0;
  const auto look = [&](const auto& records) {
    for (const auto& record : records) last = std::max(last, record.id);
  };
  const policy::SiteModel& model = site.model();
  look(model.images);
  look(model.task_sequences);
  look(model.programs);
  look(model.deployments);
  look(model.collections);
  look(model.networks);
  look(model.servers);
  look(model.referrals);
  site.each_device([&](const policy::Device& device) { last = std::max(last, device.id); });
  return last + 1;
}

}  // namespace

base::Result<AfterBatch> after_batch(const policy::Snapshot& before, const std::vector<ImageRecord>& images,
                                     const Batch& batch, std::span<const std::int64_t> ids) {
  Change change(before, images);
  for (std::size_t i = 0; i < batch.steps.size(); ++i)
    std::visit([&](const auto& step) { change.take(step, ids[i]); }, batch.steps[i]);
  auto made = change.finish();
  if (!made) return tl::unexpected(made.error());
  return AfterBatch{std::move(*made), change.new_images()};
}

base::Result<policy::Snapshot> imagine(const policy::Snapshot& before, const Batch& batch) {
  std::int64_t next = first_free(before);
  Placeholders known;  // one that is put again is the same record
  std::vector<std::int64_t> ids;
  for (const Step& step : batch.steps) {
    const auto* put = std::get_if<Put>(&step);
    const auto* gone = std::get_if<Remove>(&step);
    std::int64_t id = put != nullptr ? id_of(put->record) : gone != nullptr ? gone->id : 1;
    if (id <= 0) {
      const std::int64_t given = id;
      const auto named = id < 0 ? known.number(id) : std::nullopt;
      id = named ? *named : next++;
      known.name(given, id);
    }
    ids.push_back(id);
  }
  auto after = after_batch(before, {}, batch, ids);
  if (!after) return tl::unexpected(after.error());
  return std::move(after->snapshot);
}

}  // namespace store
