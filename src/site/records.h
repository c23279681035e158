// SPDX-License-Identifier: GPL-3.0-or-later
// A site's records: in the store, and as the snapshot that decisions are made from. The two
// never disagree, and a change costs what it touches, not what the site holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "policy/snapshot.h"
#include "store/after_batch.h"
#include "store/store.h"

namespace site {

// One thread at a time; snapshots may be handed to others.
class SiteRecords {
 public:
  static base::Result<std::unique_ptr<SiteRecords>> open(std::unique_ptr<store::Store> store,
                                                         policy::Settings settings);

  // Refused where the whole would contradict itself: nothing has changed then.
  base::Result<store::Applied, store::Refused> apply(store::Batch batch);
  // What apply() would say; nothing is changed.
  base::Result<store::Applied, store::Refused> try_out(store::Batch batch);
  // From the configuration file, not kept in the store.
  base::Status set_settings(const policy::Settings& settings);
  // What probes say, not kept in the store either: servers that do not answer.
  base::Status set_dead_servers(std::vector<std::int64_t> servers);
  // What publishing found: images that are not whole on this server, and what Windows images bring.
  base::Status set_found_images(std::vector<std::int64_t> broken, std::vector<policy::WindowsFiles> windows);
  // From now on apply() refuses referrals that would not work (site/referral_check.h).
  using OwnAddresses = std::function<std::vector<base::Ipv4>()>;
  void check_referrals(OwnAddresses own) { own_addresses_ = std::move(own); }

  [[nodiscard]] const policy::Snapshot& snapshot() const { return snapshot_; }
  [[nodiscard]] const policy::SiteModel& model() const { return snapshot_.model(); }
  // With their directories; model() has the same without.
  [[nodiscard]] const std::vector<store::ImageRecord>& images() const { return images_; }
  [[nodiscard]] const store::ImageRecord* image(std::int64_t id) const;  // null: there is none
  [[nodiscard]] store::Store& store() { return *store_; }
  // Batches that were applied since the start.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  // Those among them that touched images.
  [[nodiscard]] std::uint64_t image_changes() const { return image_changes_; }

  // Manifests of all packages that records name.
  [[nodiscard]] std::vector<base::Sha256> manifests() const;
  // «images/debian/3», «programs/arm64/1»: the directories of records without a package.
  [[nodiscard]] std::vector<std::string> directories() const;

 private:
  explicit SiteRecords(std::unique_ptr<store::Store> store) : store_(std::move(store)) {}

  [[nodiscard]] base::Result<store::AfterBatch> view_with(const store::Batch& batch,
                                                          const store::Applied& applied) const;
  void keep_manifests(store::Batch& batch) const;
  base::Status change_model(const std::function<void(policy::SiteModel&)>& change);

  std::unique_ptr<store::Store> store_;
  std::uint64_t changes_ = 0;
  std::uint64_t image_changes_ = 0;
  policy::Snapshot snapshot_;
  std::vector<store::ImageRecord> images_;
  OwnAddresses own_addresses_;
};

// Directory of a boot program from its path in the published tree.
std::string program_directory(const policy::Program& program);

}  // namespace site
