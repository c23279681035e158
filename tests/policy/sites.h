// SPDX-License-Identifier: GPL-3.0-or-later
// Machines, records and sites as the tests of policy put them together.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/decide.h"
#include "policy/snapshot.h"

namespace policy {

inline const base::Mac mac_1{{0x52, 0x54, 0, 0, 0, 1}};
inline const base::Mac mac_2{{0x52, 0x54, 0, 0, 0, 2}};
inline const base::Mac mac_3{{0x52, 0x54, 0, 0, 0, 3}};

inline base::Mac mac(std::string_view text) { return base::Mac::parse(text).value(); }
inline base::Mac numbered_mac(std::uint64_t n) {
  base::Mac out{{0x02, 0, 0, 0, 0, 0}};
  for (std::size_t i = 5; i > 0; --i, n >>= 8) out.octets.at(i) = static_cast<std::uint8_t>(n);
  return out;
}
inline base::Uuid uuid(std::string_view text) { return base::Uuid::parse(text).value(); }
inline base::Uuid numbered_uuid(std::uint64_t n) {
  base::Uuid out;
  out.octets[0] = 0x32;
  for (std::size_t i = 15; i > 7; --i, n >>= 8) out.octets.at(i) = static_cast<std::uint8_t>(n);
  return out;
}
inline base::Ip ip(std::string_view text) { return base::Ip::parse(text).value(); }
inline base::Ipv4 ipv4(std::string_view text) { return base::Ipv4::parse(text).value(); }
inline base::IpNet net(std::string_view text) { return base::IpNet::parse(text).value(); }
inline Rule rule(std::string_view text) { return Rule::parse(text).value(); }

inline Facts machine(ClientKind kind = ClientKind::uefi_pxe, Arch arch = Arch::x64, base::Mac from = mac_1) {
  Facts facts;
  facts.mac = from;
  facts.kind = kind;
  facts.arch = arch;
  return facts;
}
inline Facts machine(base::Mac from) { return machine(ClientKind::uefi_pxe, Arch::x64, from); }
inline Facts ipxe(Arch arch, bool http) {
  Facts facts = machine(ClientKind::ipxe, arch);
  facts.ipxe.http = http;
  return facts;
}

inline Image image(std::int64_t id, Arch arch = Arch::x64) {
  Image image;
  image.id = id;
  image.name = "image-" + std::to_string(id);
  image.arch = arch;
  return image;
}

inline Device device(std::int64_t id, std::vector<base::Mac> macs = {},
                     std::optional<base::Uuid> uuid = std::nullopt) {
  Device device;
  device.id = id;
  device.name = "device-" + std::to_string(id);
  device.macs = std::move(macs);
  device.uuid = uuid;
  return device;
}
inline Device with_extras(Device device, DeviceExtras extras) {
  device.more = std::make_shared<const DeviceExtras>(std::move(extras));
  return device;
}

inline Collection collection(std::int64_t id, std::vector<std::int64_t> includes = {},
                             std::vector<std::int64_t> excludes = {}) {
  Collection collection;
  collection.id = id;
  collection.name = "c" + std::to_string(id);
  collection.includes = std::move(includes);
  collection.excludes = std::move(excludes);
  return collection;
}

inline Deployment deployment(std::int64_t id, DeployedTo target, Purpose purpose = Purpose::available,
                             std::int64_t image = 1) {
  Deployment deployment;
  deployment.id = id;
  deployment.name = "d" + std::to_string(id);
  deployment.what = ToBoot{image};
  deployment.target = target;
  deployment.purpose = purpose;
  return deployment;
}

inline Network network(std::int64_t id, std::string_view subnet) {
  Network network;
  network.id = id;
  network.name = "n" + std::to_string(id);
  network.subnet = net(subnet);
  return network;
}

inline Snapshot site(SiteModel model, std::vector<Device> devices = {}) {
  auto made = Snapshot::make(std::move(model), std::move(devices));
  if (!made) ADD_FAILURE() << made.error().what;
  return made ? std::move(*made) : Snapshot();
}

}  // namespace policy
