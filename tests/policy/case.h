// SPDX-License-Identifier: GPL-3.0-or-later
// A known machine and a site that serves it, for tests that turn one thing about them.
#pragma once

#include "sites.h"

namespace policy {

inline constexpr std::int64_t now = 1'700'000'000;

// A known machine (device 1, in collection 1) in network 1, and all that a row turns round.
struct Case {
  SiteModel model;
  Device record = device(1, {mac_1}, numbered_uuid(1));
  std::vector<Device> others;
  DeviceExtras extras;
  Facts facts = machine();
  Now at{now, 0};

  Case() {
    record.collections = {1};
    facts.uuid = numbered_uuid(1);
    facts.network = ip("10.1.0.1");
    model.collections = {collection(1)};
    model.networks = {network(1, "10.1.0.0/16")};
    model.images = {image(1), image(2), image(3, Arch::arm64)};
    model.deployments = {deployment(1, ToCollection{1}, Purpose::required)};
  }
  Deployment& d() { return model.deployments.front(); }
  Network& n() { return model.networks.front(); }
  Image& i() { return model.images.front(); }
  void become_stranger() {
    facts.mac = mac_3;
    facts.uuid.reset();
  }
  [[nodiscard]] Snapshot make() const {
    std::vector<Device> devices = others;
    devices.push_back(with_extras(record, extras));
    return site(model, devices);
  }
};

}  // namespace policy
