// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/site_records.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/overloaded.h"

namespace server {
namespace {

// Puts or removes in a list that is in the order of its ids.
template <class Value>
void put(std::vector<Value>& list, const Value& value) {
  const auto at = std::ranges::lower_bound(list, value.id, {}, &Value::id);
  if (at != list.end() && at->id == value.id) {
    *at = value;
  } else {
    list.insert(at, value);
  }
}
template <class Value>
void remove(std::vector<Value>& list, std::int64_t id) {
  std::erase_if(list, [id](const Value& each) { return each.id == id; });
}

void take_settings(policy::SiteModel& model, const store::SiteSettings& settings) {
  model.policy = settings.policy;
  model.ignored_macs = settings.ignored_macs;
  model.wandering_macs = settings.wandering_macs;
  model.banned_uuids = settings.banned_uuids;
}

// What a batch makes of a site. The model is copied only when something else than devices
// changes: those are shared, and changed in the snapshot.
class Change {
 public:
  Change(const policy::Snapshot& snapshot, const std::vector<store::ImageRecord>& images)
      : before_(snapshot), images_(images) {}

  void take(const store::Put& step, std::int64_t id) {
    std::visit(base::Overloaded{
                   [&](policy::Device device) {
                     device.id = id;
                     devices_.push_back(std::move(device));
                   },
                   [&](store::ImageRecord record) {
                     record.image.id = id;
                     std::erase_if(images_, [id](const auto& each) { return each.image.id == id; });
                     images_.push_back(record);
                     put(model().images, record.image);
                   },
                   [&](policy::Collection record) { put_with(model().collections, std::move(record), id); },
                   [&](policy::TaskSequence record) { put_with(model().task_sequences, std::move(record), id); },
                   [&](policy::Program record) { put_with(model().programs, std::move(record), id); },
                   [&](policy::Deployment record) { put_with(model().deployments, std::move(record), id); },
                   [&](policy::Network record) { put_with(model().networks, std::move(record), id); },
                   [&](policy::BootServer record) { put_with(model().servers, std::move(record), id); },
                   [&](policy::Referral record) { put_with(model().referrals, std::move(record), id); },
               },
               step.record);
  }

  void take(const store::Remove& step, std::int64_t id) {
    switch (step.kind) {
      case store::Kind::device:
        remove(devices_, id);
        removed_.push_back(id);
        break;
      case store::Kind::collection:
        remove(model().collections, id);
        break;
      case store::Kind::image:
        std::erase_if(images_, [id](const auto& each) { return each.image.id == id; });
        remove(model().images, id);
        break;
      case store::Kind::task_sequence:
        remove(model().task_sequences, id);
        break;
      case store::Kind::program:
        remove(model().programs, id);
        break;
      case store::Kind::deployment:
        remove(model().deployments, id);
        break;
      case store::Kind::network:
        remove(model().networks, id);
        break;
      case store::Kind::server:
        remove(model().servers, id);
        break;
      case store::Kind::referral:
        remove(model().referrals, id);
        break;
      case store::Kind::settings:
        break;
    }
  }

  void take(const store::SetSettings& step, std::int64_t) { take_settings(model(), step.settings); }

  base::Result<policy::Snapshot> finish() {
    policy::Snapshot after = before_;
    if (model_) {
      auto with = before_.with(std::move(*model_));
      if (!with) return with;
      after = std::move(*with);
    }
    if (!devices_.empty() || !removed_.empty()) after = after.with_devices(std::move(devices_), removed_);
    return after;
  }
  std::vector<store::ImageRecord> images() { return std::move(images_); }

 private:
  policy::SiteModel& model() {
    if (!model_) model_ = before_.model();
    return *model_;
  }
  template <class Value>
  static void put_with(std::vector<Value>& list, Value value, std::int64_t id) {
    value.id = id;
    put(list, value);
  }

  const policy::Snapshot& before_;
  std::vector<store::ImageRecord> images_;
  std::optional<policy::SiteModel> model_;
  std::vector<policy::Device> devices_;
  std::vector<std::int64_t> removed_;
};

}  // namespace

std::string program_directory(const policy::Program& program) {
  return program.path.substr(0, program.path.rfind('/'));
}

base::Result<std::unique_ptr<SiteRecords>> SiteRecords::open(std::unique_ptr<store::Store> store,
                                                             policy::Settings settings) {
  auto all = store->load();
  if (!all) return tl::unexpected(all.error());
  policy::SiteModel model;
  model.settings = settings;
  take_settings(model, all->settings);
  for (const auto& record : all->images) model.images.push_back(record.image);
  model.task_sequences = std::move(all->task_sequences);
  model.programs = std::move(all->programs);
  model.deployments = std::move(all->deployments);
  model.collections = std::move(all->collections);
  model.networks = std::move(all->networks);
  model.servers = std::move(all->servers);
  model.referrals = std::move(all->referrals);
  auto snapshot = policy::Snapshot::make(std::move(model), std::move(all->devices));
  if (!snapshot) return tl::unexpected(snapshot.error());
  std::unique_ptr<SiteRecords> records(new SiteRecords(std::move(store)));
  records->snapshot_ = std::move(*snapshot);
  records->images_ = std::move(all->images);
  return records;
}

base::Result<store::Applied, store::Refused> SiteRecords::apply(const store::Batch& batch) {
  std::optional<policy::Snapshot> after;
  std::vector<store::ImageRecord> images;
  const auto try_it = [&](const store::Applied& applied) -> base::Status {
    Change change(snapshot_, images_);
    for (std::size_t i = 0; i < batch.steps.size(); ++i) {
      std::visit([&](const auto& step) { change.take(step, applied.ids[i]); }, batch.steps[i]);
    }
    auto made = change.finish();
    if (!made) return tl::unexpected(made.error());
    after = std::move(*made);
    images = change.images();
    return {};
  };
  auto applied = store_->apply(batch, try_it);
  if (!applied) return applied;
  snapshot_ = std::move(*after);
  images_ = std::move(images);
  return applied;
}

base::Status SiteRecords::set_settings(const policy::Settings& settings) {
  policy::SiteModel model = snapshot_.model();
  model.settings = settings;
  auto after = snapshot_.with(std::move(model));
  if (!after) return tl::unexpected(after.error());
  snapshot_ = std::move(*after);
  return {};
}

std::vector<std::string> SiteRecords::directories() const {
  std::vector<std::string> out;
  for (const auto& record : images_) out.push_back(record.directory);
  for (const auto& program : model().programs) out.push_back(program_directory(program));
  return out;
}

}  // namespace server
