// SPDX-License-Identifier: GPL-3.0-or-later
// Which known machines records speak of, as far as can be told while they are switched off.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/collection.h"
#include "policy/deployment.h"
#include "policy/snapshot.h"

namespace management {

// Devices behind `after`, ascending by id, until `visit` says false. Ids are given in order and
// few are missing, so they are tried one after the other; all are looked through behind a gap only.
template <class Visit>
void walk_devices(const policy::Snapshot& site, std::int64_t after, const Visit& visit) {
  constexpr int longest_gap = 1000;
  std::int64_t id = after;
  for (int gap = 0; gap < longest_gap; ++gap) {
    const policy::Device* const device = site.device(++id);
    if (device == nullptr) continue;
    if (!visit(*device)) return;
    gap = -1;
  }
  std::vector<std::int64_t> rest;
  site.each_device([&](const policy::Device& device) {
    if (device.id > id) rest.push_back(device.id);
  });
  std::ranges::sort(rest);
  for (const std::int64_t each : rest) {
    if (!visit(*site.device(each))) return;
  }
}

// Whether devices are in a collection: by name, through other collections, and by rules about
// their addresses and names. What they have not told of themselves matches no rule.
class MembersOf {
 public:
  // An unknown id has no members. The snapshot must outlive it.
  MembersOf(const policy::Snapshot& site, std::int64_t collection);
  [[nodiscard]] bool has(const policy::Device& device);

 private:
  const policy::Collections& collections_;
  const std::optional<std::size_t> position_;
  policy::Memberships memberships_;
};

// Whom a deployment would be offered to now, by its target and its condition.
struct Reach {
  std::size_t machines = 0;  // known and approved
  bool unknown = false;      // strangers, too
};
Reach reach_of(const policy::Deployment& deployment, const policy::Snapshot& site);

}  // namespace management
