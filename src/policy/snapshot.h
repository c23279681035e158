// SPDX-License-Identifier: GPL-3.0-or-later
// Everything a decision needs, immutable once published. A changed copy shares what did not
// change, so that one device of a million is published in microseconds. Pointers into it live
// as long as the copy that a packet thread holds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "policy/collection.h"
#include "policy/deployment.h"
#include "policy/device.h"
#include "policy/mac_list.h"
#include "policy/model.h"
#include "policy/network.h"
#include "policy/referral.h"
#include "policy/sharded_map.h"
#include "policy/windows.h"

namespace policy {

// All but the devices.
struct SiteModel {
  Settings settings;
  SitePolicy policy;
  std::vector<Image> images;
  std::vector<TaskSequence> task_sequences;
  std::vector<Program> programs;
  std::vector<Deployment> deployments;
  std::vector<Collection> collections;
  std::vector<Network> networks;
  std::vector<BootServer> servers;
  std::vector<Referral> referrals;
  std::vector<MacPrefix> ignored_macs;
  std::vector<MacPrefix> wandering_macs;    // besides the known makers of docks and adapters
  std::vector<base::Uuid> banned_uuids;     // besides those that makers are known to repeat
  std::vector<std::int64_t> dead_servers;   // that do not answer their probes
  std::vector<std::int64_t> broken_images;  // some of whose files are not on this server
  std::vector<WindowsFiles> windows;        // of the Windows images that are published here
  bool operator==(const SiteModel&) const = default;
};

class Snapshot {
 public:
  Snapshot();  // nothing is there, nobody is served
  // Refuses what contradicts itself (a circle of collections, two networks of one subnet). What
  // a deployment names and is not there is kept: deciding says so.
  static base::Result<Snapshot> make(SiteModel model, std::vector<Device> devices);

  // The same devices.
  [[nodiscard]] base::Result<Snapshot> with(SiteModel model) const;
  // Devices put, those of a known id in place of the old, each id once; and removed, by id.
  [[nodiscard]] Snapshot with_devices(std::vector<Device> put,
                                      const std::vector<std::int64_t>& removed) const;

  [[nodiscard]] const SiteModel& model() const { return site_->model; }
  [[nodiscard]] const Settings& settings() const { return site_->model.settings; }
  [[nodiscard]] const Collections& collections() const { return site_->collections; }
  [[nodiscard]] const Networks& networks() const { return site_->networks; }

  [[nodiscard]] const Image* image(std::int64_t id) const;
  [[nodiscard]] const TaskSequence* task_sequence(std::int64_t id) const;
  [[nodiscard]] const Deployment* deployment(std::int64_t id) const;
  // What it boots; null where that, or its task sequence, is gone.
  [[nodiscard]] const Image* image_of(const Deployment& deployment) const;
  // Those of one target, in no order.
  using Span = std::vector<const Deployment*>;
  [[nodiscard]] const Span& to_collection(std::size_t position) const {
    return site_->by_collection[position];
  }
  [[nodiscard]] const Span& to_device(std::int64_t device) const;
  [[nodiscard]] const Span& to_unknown() const { return site_->to_unknown; }
  [[nodiscard]] const Span& to_all() const { return site_->to_all; }
  [[nodiscard]] const Program* program(std::string_view name) const;
  // The default of a role on an architecture, the console's variant where settings ask for it.
  [[nodiscard]] const Program* program(Arch arch, Role role) const;
  [[nodiscard]] const Referral* referral(std::int64_t id) const;
  [[nodiscard]] const BootServer* server(std::int64_t id) const;
  [[nodiscard]] bool alive(std::int64_t server) const;
  [[nodiscard]] bool broken(const Image& image) const;
  // Null: it is no Windows image, or not published here.
  [[nodiscard]] const WindowsFiles* windows(const Image& image) const;

  [[nodiscard]] const Device* device(std::int64_t id) const { return devices_.find(id); }
  [[nodiscard]] const Device* device(const base::Mac& mac) const;
  [[nodiscard]] const Device* device(const base::Uuid& uuid) const;
  // Before both are looked up: on a large site each is a wait for memory, and one may pass with the other.
  void expect(const base::Mac& mac, const std::optional<base::Uuid>& uuid) const {
    by_mac_.expect(mac);
    if (uuid) by_uuid_.expect(*uuid);
  }
  [[nodiscard]] std::size_t device_count() const { return devices_.size(); }
  template <class Visit>
  void each_device(const Visit& visit) const {
    devices_.each([&](std::int64_t, const Device& device) { visit(device); });
  }

  // All zeros, all ones, and what makers put into whole series.
  [[nodiscard]] bool bans(const base::Uuid& uuid) const;
  [[nodiscard]] const MacList& ignored_macs() const { return site_->ignored; }
  [[nodiscard]] const MacList& wandering_macs() const { return site_->wandering; }

 private:
  struct Site {
    SiteModel model;
    Collections collections;
    Networks networks;
    MacList ignored, wandering;
    std::vector<base::Uuid> banned;  // ascending
    std::vector<Span> by_collection;
    std::unordered_map<std::int64_t, Span> by_device;
    Span to_unknown, to_all;
    std::unordered_map<std::int64_t, const Image*> images;
    std::unordered_map<std::int64_t, const TaskSequence*> task_sequences;
    std::unordered_map<std::int64_t, const Deployment*> deployments;
  };
  static base::Result<std::shared_ptr<const Site>> arrange(SiteModel model);

  std::shared_ptr<const Site> site_;
  ShardedMap<std::int64_t, Device> devices_;
  ShardedMap<base::Mac, std::int64_t> by_mac_;
  ShardedMap<base::Uuid, std::int64_t> by_uuid_;
};

}  // namespace policy
