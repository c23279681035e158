// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/snapshot.h"

#include <algorithm>
#include <future>
#include <utility>

#include "policy/known_faults.h"

namespace policy {
namespace {

template <class Record>
const Record* find_by_id(const std::vector<Record>& records, std::int64_t id) {
  const auto found = std::ranges::find(records, id, &Record::id);
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

Snapshot::Snapshot() : site_(*arrange({})) {}

base::Result<std::shared_ptr<const Snapshot::Site>> Snapshot::arrange(SiteModel model) {
  auto site = std::make_shared<Site>();
  auto collections = Collections::make(model.collections);
  if (!collections) return tl::unexpected(collections.error());
  site->collections = std::move(*collections);
  auto networks = Networks::make(model.networks);
  if (!networks) return tl::unexpected(networks.error());
  site->networks = std::move(*networks);
  site->ignored = MacList(model.ignored_macs);
  auto wandering = known_wandering_macs();
  wandering.insert(wandering.end(), model.wandering_macs.begin(), model.wandering_macs.end());
  site->wandering = MacList(std::move(wandering));
  site->banned = known_duplicate_uuids();
  site->banned.insert(site->banned.end(), model.banned_uuids.begin(), model.banned_uuids.end());
  std::ranges::sort(site->banned);
  site->model = std::move(model);

  site->by_collection.resize(site->model.collections.size());
  for (const Deployment& deployment : site->model.deployments) {
    site->deployments.emplace(deployment.id, &deployment);
    if (const auto* to = std::get_if<ToCollection>(&deployment.target)) {
      if (const auto at = site->collections.position(to->id)) site->by_collection[*at].push_back(&deployment);
    } else if (const auto* one = std::get_if<ToDevice>(&deployment.target)) {
      site->by_device[one->id].push_back(&deployment);
    } else {
      const bool all = std::holds_alternative<ToAll>(deployment.target);
      (all ? site->to_all : site->to_unknown).push_back(&deployment);
    }
  }
  for (const Image& image : site->model.images) site->images.emplace(image.id, &image);
  for (const TaskSequence& each : site->model.task_sequences) site->task_sequences.emplace(each.id, &each);
  return site;
}

base::Result<Snapshot> Snapshot::make(SiteModel model, std::vector<Device> devices) {
  auto empty = Snapshot().with(std::move(model));
  if (!empty) return empty;
  return empty->with_devices(std::move(devices), {});
}

base::Result<Snapshot> Snapshot::with(SiteModel model) const {
  auto site = arrange(std::move(model));
  if (!site) return tl::unexpected(site.error());
  Snapshot next = *this;
  next.site_ = std::move(*site);
  return next;
}

Snapshot Snapshot::with_devices(std::vector<Device> put, const std::vector<std::int64_t>& removed) const {
  std::vector<ShardedMap<std::int64_t, Device>::Change> devices;
  std::vector<ShardedMap<base::Mac, std::int64_t>::Change> macs;
  std::vector<ShardedMap<base::Uuid, std::int64_t>::Change> uuids;
  devices.reserve(put.size() + removed.size());
  // All old names go first: among the new ones may be one that another device had.
  const auto names = [](const std::int64_t* entry, std::int64_t id) {
    return entry != nullptr && *entry == id;
  };
  const auto forget = [&](std::int64_t id) {
    const Device* const old = device(id);
    if (old == nullptr) return;
    // A name that another device has taken since is that device's.
    for (const base::Mac& mac : old->macs) {
      if (names(by_mac_.find(mac), id)) macs.push_back({mac, std::nullopt});
    }
    if (old->uuid && names(by_uuid_.find(*old->uuid), id)) uuids.push_back({*old->uuid, std::nullopt});
  };
  for (const std::int64_t id : removed) {
    forget(id);
    devices.push_back({id, std::nullopt});
  }
  for (const Device& each : put) forget(each.id);
  for (Device& each : put) {
    for (const base::Mac& mac : each.macs) macs.push_back({mac, each.id});
    if (each.uuid) uuids.push_back({*each.uuid, each.id});
    const std::int64_t id = each.id;
    devices.push_back({id, std::move(each)});
  }
  Snapshot next = *this;
  // Three maps that know nothing of each other: a start with a million devices uses the
  // processors that there are.
  const auto how = devices.size() > 50'000 ? std::launch::async : std::launch::deferred;
  auto by_mac = std::async(how, [&] { return by_mac_.with(std::move(macs)); });
  auto by_uuid = std::async(how, [&] { return by_uuid_.with(std::move(uuids)); });
  next.devices_ = devices_.with(std::move(devices));
  next.by_mac_ = by_mac.get();
  next.by_uuid_ = by_uuid.get();
  return next;
}

const Image* Snapshot::image(std::int64_t id) const {
  const auto found = site_->images.find(id);
  return found == site_->images.end() ? nullptr : found->second;
}

const TaskSequence* Snapshot::task_sequence(std::int64_t id) const {
  const auto found = site_->task_sequences.find(id);
  return found == site_->task_sequences.end() ? nullptr : found->second;
}

const Deployment* Snapshot::deployment(std::int64_t id) const {
  const auto found = site_->deployments.find(id);
  return found == site_->deployments.end() ? nullptr : found->second;
}

const Image* Snapshot::image_of(const Deployment& deployment) const {
  if (const auto* boot = std::get_if<ToBoot>(&deployment.what)) return image(boot->image);
  const TaskSequence* const sequence = task_sequence(std::get<ToRun>(deployment.what).task_sequence);
  return sequence == nullptr ? nullptr : image(sequence->image);
}

const Snapshot::Span& Snapshot::to_device(std::int64_t device) const {
  static const Span none;
  const auto found = site_->by_device.find(device);
  return found == site_->by_device.end() ? none : found->second;
}

const Program* Snapshot::program(std::string_view name) const {
  const auto found = std::ranges::find(model().programs, name, &Program::name);
  return found == model().programs.end() ? nullptr : &*found;
}

const Program* Snapshot::program(Arch arch, Role role) const {
  const Program* best = nullptr;
  for (const Program& each : model().programs) {
    if (each.arch != arch || std::ranges::find(each.roles, role) == each.roles.end()) continue;
    if (each.console == settings().serial_console) return &each;
    if (!each.console && best == nullptr) best = &each;
  }
  return best;
}

const Referral* Snapshot::referral(std::int64_t id) const { return find_by_id(model().referrals, id); }
const BootServer* Snapshot::server(std::int64_t id) const { return find_by_id(model().servers, id); }

bool Snapshot::alive(std::int64_t server) const {
  return std::ranges::find(model().dead_servers, server) == model().dead_servers.end();
}

bool Snapshot::broken(const Image& image) const {
  return std::ranges::find(model().broken_images, image.id) != model().broken_images.end();
}

const WindowsFiles* Snapshot::windows(const Image& image) const {
  const auto found = std::ranges::find(model().windows, image.id, &WindowsFiles::image);
  return found == model().windows.end() ? nullptr : &*found;
}

const Device* Snapshot::device(const base::Mac& mac) const {
  const std::int64_t* const id = by_mac_.find(mac);
  return id == nullptr ? nullptr : devices_.find(*id);
}

const Device* Snapshot::device(const base::Uuid& uuid) const {
  const std::int64_t* const id = by_uuid_.find(uuid);
  return id == nullptr ? nullptr : devices_.find(*id);
}

bool Snapshot::bans(const base::Uuid& uuid) const {
  return uuid.is_blank() || std::ranges::binary_search(site_->banned, uuid);
}

}  // namespace policy
