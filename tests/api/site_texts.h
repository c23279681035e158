// SPDX-License-Identifier: GPL-3.0-or-later
// Sites from a seed, and small ones by hand, as snapshots.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "../store/random_batches.h"
#include "api/record_json.h"
#include "policy/snapshot.h"

namespace api {

inline base::Result<policy::Snapshot> snapshot_of(store::Everything all) {
  policy::SiteModel model;
  model.policy = all.settings.policy;
  model.ignored_macs = all.settings.ignored_macs;
  model.wandering_macs = all.settings.wandering_macs;
  model.banned_uuids = all.settings.banned_uuids;
  for (const auto& record : all.images) model.images.push_back(record.image);
  model.task_sequences = std::move(all.task_sequences);
  model.programs = std::move(all.programs);
  model.deployments = std::move(all.deployments);
  model.collections = std::move(all.collections);
  model.networks = std::move(all.networks);
  model.servers = std::move(all.servers);
  model.referrals = std::move(all.referrals);
  return policy::Snapshot::make(std::move(model), std::move(all.devices));
}

// All that `batches` many batches make which a site could be.
inline store_test::SiteModel random_site(std::uint64_t seed, int batches) {
  store_test::RandomBatches random(seed, true);
  store_test::SiteModel site;
  store::Applied applied;
  std::int64_t next = 0;
  for (int i = 0; i < batches; ++i) {
    const store::Batch batch = random.next(site);
    if (site.refusal(batch)) continue;
    applied.ids.clear();
    for (const store::Step& step : batch.steps) {
      const auto* put = std::get_if<store::Put>(&step);
      const std::int64_t id = put == nullptr ? 0 : store::id_of(put->record);
      applied.ids.push_back(put != nullptr && id == 0 ? ++next : id);
    }
    ++applied.revision;
    store_test::SiteModel after = site;
    after.apply(batch, applied);
    if (snapshot_of(after.everything())) site = std::move(after);
  }
  return site;
}

}  // namespace api
