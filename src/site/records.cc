// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/records.h"

#include <optional>
#include <utility>

#include "site/referral_check.h"
#include "store/shape.h"

namespace site {
namespace {

void take_settings(policy::SiteModel& model, const store::SiteSettings& settings) {
  model.policy = settings.policy;
  model.ignored_macs = settings.ignored_macs;
  model.wandering_macs = settings.wandering_macs;
  model.banned_uuids = settings.banned_uuids;
}

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

base::Result<store::AfterBatch> SiteRecords::view_with(const store::Batch& batch,
                                                       const store::Applied& applied) const {
  auto after = store::after_batch(snapshot_, images_, batch, applied.ids);
  if (after && own_addresses_ && concerns_referrals(batch)) {
    if (auto work = site::check_referrals(after->snapshot, batch, applied.ids, own_addresses_()); !work)
      return tl::unexpected(work.error());
  }
  return after;
}

base::Result<store::Applied, store::Refused> SiteRecords::apply(store::Batch batch) {
  store::tidy(batch);
  keep_manifests(batch);
  std::optional<store::AfterBatch> after;
  auto applied = store_->apply(batch, [&](const store::Applied& kept) -> base::Status {
    auto view = view_with(batch, kept);
    if (!view) return tl::unexpected(view.error());
    after = std::move(*view);
    return {};
  });
  if (!applied) return applied;
  snapshot_ = std::move(after->snapshot);
  if (after->images) {
    images_ = std::move(*after->images);
    ++image_changes_;
  }
  ++changes_;
  return applied;
}

base::Result<store::Applied, store::Refused> SiteRecords::try_out(store::Batch batch) {
  store::tidy(batch);
  keep_manifests(batch);
  std::optional<store::Applied> would_be;
  auto refused = store_->apply(batch, [&](const store::Applied& applied) -> base::Status {
    if (const auto view = view_with(batch, applied); !view) return tl::unexpected(view.error());
    would_be = applied;
    return base::fail("it was only tried");
  });
  if (would_be) return std::move(*would_be);
  return refused;
}

base::Status SiteRecords::change_model(const std::function<void(policy::SiteModel&)>& change) {
  policy::SiteModel model = snapshot_.model();
  change(model);
  auto after = snapshot_.with(std::move(model));
  if (!after) return tl::unexpected(after.error());
  snapshot_ = std::move(*after);
  return {};
}

base::Status SiteRecords::set_settings(const policy::Settings& settings) {
  return change_model([&](policy::SiteModel& model) { model.settings = settings; });
}

base::Status SiteRecords::set_dead_servers(std::vector<std::int64_t> servers) {
  return change_model([&](policy::SiteModel& model) { model.dead_servers = std::move(servers); });
}

base::Status SiteRecords::set_found_images(std::vector<std::int64_t> broken,
                                           std::vector<policy::WindowsFiles> windows) {
  if (broken == model().broken_images && windows == model().windows) return {};
  return change_model([&](policy::SiteModel& model) {
    model.broken_images = std::move(broken);
    model.windows = std::move(windows);
  });
}

const store::ImageRecord* SiteRecords::image(std::int64_t id) const {
  const auto found =
      std::ranges::find(images_, id, [](const store::ImageRecord& each) { return each.image.id; });
  return found == images_.end() ? nullptr : &*found;
}

std::vector<base::Sha256> SiteRecords::manifests() const {
  std::vector<base::Sha256> out;
  const auto add = [&](const std::string& text) {
    if (const auto hash = base::parse_sha256(text)) out.push_back(*hash);
  };
  for (const auto& record : images_) add(record.manifest);
  for (const auto& program : model().programs) add(program.manifest);
  return out;
}

std::vector<std::string> SiteRecords::directories() const {
  std::vector<std::string> out;
  for (const auto& record : images_) {
    if (record.manifest.empty()) out.push_back(record.directory);
  }
  for (const auto& program : model().programs) {
    if (program.manifest.empty()) out.push_back(program_directory(program));
  }
  return out;
}

// Clients know a program by its path alone, and keep that path.
void SiteRecords::keep_manifests(store::Batch& batch) const {
  for (store::Step& step : batch.steps) {
    auto* const put = std::get_if<store::Put>(&step);
    auto* const program = put == nullptr ? nullptr : std::get_if<policy::Program>(&put->record);
    if (program == nullptr || !program->manifest.empty()) continue;
    for (const policy::Program& present : model().programs) {
      if (program_directory(present) == program_directory(*program)) program->manifest = present.manifest;
    }
  }
}

}  // namespace site
