// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/site_records.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/overloaded.h"
#include "server/referral_check.h"
#include "store/placeholders.h"
#include "store/shape.h"

namespace server {
namespace {

std::int64_t id_of(const store::ImageRecord& record) { return record.image.id; }
template <class Value>
std::int64_t id_of(const Value& value) {
  return value.id;
}

// Puts or removes in a list that is in the order of its ids.
template <class Value>
auto place_of(std::vector<Value>& list, std::int64_t id) {
  return std::ranges::lower_bound(list, id, {}, [](const Value& each) { return id_of(each); });
}
template <class Value>
void put(std::vector<Value>& list, Value value) {
  const auto at = place_of(list, id_of(value));
  if (at != list.end() && id_of(*at) == id_of(value)) {
    *at = std::move(value);
  } else {
    list.insert(at, std::move(value));
  }
}
template <class Value>
void remove(std::vector<Value>& list, std::int64_t id) {
  const auto at = place_of(list, id);
  if (at != list.end() && id_of(*at) == id) list.erase(at);
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
      : before_(snapshot), images_before_(images) {}

  void take(store::Put step, std::int64_t id) {
    placeholders_.name(store::id_of(step.record), id);
    store::set_id(step.record, id);
    placeholders_.resolve(step.record);
    std::visit(base::Overloaded{
                   [&](policy::Device& device) { devices_[id] = std::move(device); },
                   [&](store::ImageRecord& record) {
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

  void take(const store::Remove& step, std::int64_t id) {
    switch (step.kind) {
      case store::Kind::device:
        devices_[id] = std::nullopt;
        break;
      case store::Kind::collection:
        remove(model().collections, id);
        break;
      case store::Kind::image:
        remove(images(), id);
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
        deployments_gone_.push_back(id);
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
  std::optional<std::vector<store::ImageRecord>> new_images() { return std::move(images_); }

 private:
  policy::SiteModel& model() {
    if (!model_) model_ = before_.model();
    return *model_;
  }
  std::vector<store::ImageRecord>& images() {
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
  const std::vector<store::ImageRecord>& images_before_;
  std::optional<std::vector<store::ImageRecord>> images_;
  std::optional<policy::SiteModel> model_;
  store::Placeholders placeholders_;
  std::unordered_map<std::int64_t, std::optional<policy::Device>> devices_;  // nothing: removed
  std::vector<std::int64_t> deployments_gone_;
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

base::Result<SiteRecords::View> SiteRecords::view_with(const store::Batch& batch,
                                                       const store::Applied& applied) const {
  Change change(snapshot_, images_);
  for (std::size_t i = 0; i < batch.steps.size(); ++i) {
    std::visit([&](const auto& step) { change.take(step, applied.ids[i]); }, batch.steps[i]);
  }
  auto made = change.finish();
  if (!made) return tl::unexpected(made.error());
  if (own_addresses_ && concerns_referrals(batch)) {
    if (auto work = server::check_referrals(*made, batch, applied.ids, own_addresses_()); !work)
      return tl::unexpected(work.error());
  }
  return View{std::move(*made), change.new_images()};
}

base::Result<store::Applied, store::Refused> SiteRecords::apply(store::Batch batch) {
  store::tidy(batch);
  std::optional<View> after;
  auto applied = store_->apply(batch, [&](const store::Applied& kept) -> base::Status {
    auto view = view_with(batch, kept);
    if (!view) return tl::unexpected(view.error());
    after = std::move(*view);
    return {};
  });
  if (!applied) return applied;
  snapshot_ = std::move(after->snapshot);
  if (after->images) images_ = std::move(*after->images);
  ++changes_;
  return applied;
}

base::Result<store::Applied, store::Refused> SiteRecords::try_out(store::Batch batch) {
  store::tidy(batch);
  std::optional<store::Applied> would_be;
  auto refused = store_->apply(batch, [&](const store::Applied& applied) -> base::Status {
    if (const auto view = view_with(batch, applied); !view) return tl::unexpected(view.error());
    would_be = applied;
    return base::fail("it was only tried");
  });
  if (would_be) return std::move(*would_be);
  return refused;
}

base::Status SiteRecords::set_settings(const policy::Settings& settings) {
  policy::SiteModel model = snapshot_.model();
  model.settings = settings;
  auto after = snapshot_.with(std::move(model));
  if (!after) return tl::unexpected(after.error());
  snapshot_ = std::move(*after);
  return {};
}

base::Status SiteRecords::set_dead_servers(std::vector<std::int64_t> servers) {
  policy::SiteModel model = snapshot_.model();
  model.dead_servers = std::move(servers);
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
