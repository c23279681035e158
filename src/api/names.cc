// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/names.h"

#include <algorithm>

namespace api {
namespace {

using store::Kind;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

std::uint64_t hash_of(std::string_view name) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(lower(c))) * 1099511628211ULL;
  return hash;
}

std::size_t index_of(Kind kind) { return static_cast<std::size_t>(kind); }

// Each record of a kind that a model holds, all but devices.
template <class Visit>
void each_of(const policy::SiteModel& model, Kind kind, const Visit& visit) {
  const auto all = [&](const auto& records) {
    for (const auto& record : records) visit(record.id, std::string_view(record.name));
  };
  switch (kind) {
    case Kind::collection:
      return all(model.collections);
    case Kind::image:
      return all(model.images);
    case Kind::task_sequence:
      return all(model.task_sequences);
    case Kind::program:
      return all(model.programs);
    case Kind::deployment:
      return all(model.deployments);
    case Kind::network:
      return all(model.networks);
    case Kind::server:
      return all(model.servers);
    case Kind::referral:
      return all(model.referrals);
    case Kind::device:
    case Kind::settings:
      return;
  }
}

}  // namespace

std::string folded(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

Names::Names(const policy::Snapshot& snapshot) : snapshot_(snapshot) {}

Names::Table& Names::table(Kind kind) const {
  Table& table = tables_.at(index_of(kind));
  if (table.made) return table;
  table.made = true;
  if (kind == Kind::device) {
    table.by_name.reserve(snapshot_.device_count());
    snapshot_.each_device(
        [&](const policy::Device& device) { table.by_name.emplace_back(hash_of(device.name), device.id); });
  } else {
    each_of(snapshot_.model(), kind, [&](std::int64_t id, std::string_view name) {
      table.by_name.emplace_back(hash_of(name), id);
      table.by_id.emplace(id, name);
    });
  }
  std::ranges::sort(table.by_name);
  return table;
}

std::string_view Names::name(Kind kind, std::int64_t id) const {
  if (id == 0 || kind == Kind::settings) return {};
  const auto& promised = promises_.at(index_of(kind)).by_id;
  if (const auto found = promised.find(id); found != promised.end()) return found->second;
  if (kind == Kind::device) {
    const policy::Device* const device = snapshot_.device(id);
    return device == nullptr ? std::string_view() : std::string_view(device->name);
  }
  const auto& by_id = table(kind).by_id;
  const auto found = by_id.find(id);
  return found == by_id.end() ? std::string_view() : found->second;
}

std::optional<std::int64_t> Names::find_named(Kind kind, std::string_view name) const {
  if (kind == Kind::settings) return std::nullopt;
  const Promises& promises = promises_.at(index_of(kind));
  if (!promises.by_name.empty()) {
    const auto found = promises.by_name.find(folded(name));
    if (found != promises.by_name.end()) return found->second;
  }
  if (promises.only) return std::nullopt;
  // One question is not worth an index over all devices.
  if (kind == Kind::device && !tables_.at(index_of(kind)).made && !searched_devices_) {
    searched_devices_ = true;
    std::optional<std::int64_t> found;
    snapshot_.each_device([&](const policy::Device& device) {
      if (same_name(device.name, name)) found = device.id;
    });
    return found;
  }
  const auto& by_name = table(kind).by_name;
  const std::uint64_t hash = hash_of(name);
  for (auto it = std::ranges::lower_bound(by_name, hash, {}, &Hashed::first);
       it != by_name.end() && it->first == hash; ++it) {
    const std::string_view theirs = kind == Kind::device
                                        ? std::string_view(snapshot_.device(it->second)->name)
                                        : table(kind).by_id.at(it->second);
    if (same_name(theirs, name)) return it->second;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Names::find(Kind kind, std::string_view name) const {
  if (const auto found = find_named(kind, name)) return found;
  if (kind != Kind::device || promises_.at(index_of(kind)).only) return std::nullopt;
  const policy::Device* device = nullptr;
  if (const auto mac = base::Mac::parse(name)) device = snapshot_.device(*mac);
  if (const auto uuid = base::Uuid::parse(name); uuid && device == nullptr) device = snapshot_.device(*uuid);
  return device == nullptr ? std::nullopt : std::optional(device->id);
}

void Names::promise(Kind kind, std::string_view name, std::int64_t id) {
  Promises& promises = promises_.at(index_of(kind));
  promises.by_name.insert_or_assign(folded(name), id);
  promises.by_id.insert_or_assign(id, std::string(name));
}

void Names::forget_others(Kind kind) { promises_.at(index_of(kind)).only = true; }

}  // namespace api
