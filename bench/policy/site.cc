// SPDX-License-Identifier: GPL-3.0-or-later
#include "site.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

namespace bench {
namespace {

using policy::Arch;
using policy::ClientKind;

constexpr std::int64_t images = 40, networks = 400, month = 30 * 86400;

std::int64_t below(std::int64_t bound, std::mt19937_64& random) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
}

// Of a handful of makers, each numbering on.
base::Mac mac_of(std::int64_t id) {
  static constexpr std::uint8_t makers[][3] = {
      {0x00, 0x15, 0x5d}, {0x52, 0x54, 0x00}, {0x3c, 0x52, 0x82}, {0xd8, 0xbb, 0xc1}};
  const auto& maker = makers[id % 4];
  const auto n = static_cast<std::uint32_t>(id);
  return {{maker[0], maker[1], maker[2], static_cast<std::uint8_t>(n >> 16),
           static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
}

base::Uuid uuid_of(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id));
  base::Uuid uuid;
  for (std::uint8_t& octet : uuid.octets) octet = static_cast<std::uint8_t>(random());
  return uuid;
}

base::Ipv4 gateway_of(std::int64_t network) {
  return base::Ipv4::from_host_order(0x0a000001U + (static_cast<std::uint32_t>(network) << 12));
}

policy::Rule any_rule(std::int64_t n) {
  std::string text;
  switch (n % 5) {
    case 0:
      text = fmt::format("subnet {}/20", gateway_of(n % networks).print());
      break;
    case 1:
      text = fmt::format("name pc-{:03}* and not arch arm64", n % 1000);
      break;
    case 2:
      text = fmt::format("circuit \"Gi1/0/{}\" or circuit \"Gi2/0/{}\"", n % 48, n % 48);
      break;
    case 3:
      text =
          fmt::format("firmware uefi and (mac d8:bb:c1:{:02x}:* or vendor *Arch:000{:02}*)", n % 256, n % 20);
      break;
    default:
      text = fmt::format("relay {} or relay {}", gateway_of(n % networks).print(),
                         gateway_of((n + 7) % networks).print());
  }
  return policy::Rule::parse(text).value();
}

policy::DeployedTo any_target(std::int64_t id, const Size& size, std::mt19937_64& random) {
  if (id <= 2) return policy::ToAll{};
  if (id <= 12) return policy::ToUnknown{};
  if (id % 5 != 0) return policy::ToCollection{1 + below(size.collections, random)};
  return policy::ToDevice{1 + below(size.devices, random)};
}

}  // namespace

bool read_number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 100 && out <= 10'000'000;
}

policy::SiteModel make_model(const Size& size, std::mt19937_64& random) {
  policy::SiteModel model;
  for (std::int64_t id = 1; id <= images; ++id) {
    policy::Image image;
    image.id = id;
    image.name = fmt::format("image-{}", id);
    image.kernel = fmt::format("images/{}/1/linux", image.name);
    image.arch = id % 8 == 0 ? Arch::arm64 : Arch::x64;
    model.images.push_back(std::move(image));
  }
  for (std::int64_t id = 1; id <= size.collections; ++id) {
    policy::Collection collection;
    collection.id = id;
    collection.name = fmt::format("collection {}", id);
    if (id % 4 == 0) collection.rule = any_rule(id / 4);
    if (id % 10 == 1 && id > 1) collection.includes = {1 + below(id - 1, random), 1 + below(id - 1, random)};
    if (id % 20 == 1 && id > 1) collection.excludes = {1 + below(id - 1, random)};
    model.collections.push_back(std::move(collection));
  }
  for (std::int64_t id = 1; id <= size.deployments; ++id) {
    policy::Deployment deployment;
    deployment.id = id;
    deployment.name = fmt::format("deployment {}", id);
    deployment.what = policy::ToBoot{1 + below(images, random)};
    deployment.target = any_target(id, size, random);
    if (id <= 12) deployment.condition = any_rule(id);
    deployment.purpose = id % 3 == 0 ? policy::Purpose::required : policy::Purpose::available;
    deployment.created = below(month, random);
    model.deployments.push_back(std::move(deployment));
  }
  for (std::int64_t id = 1; id <= networks; ++id) {
    policy::Network network;
    network.id = id;
    network.name = fmt::format("network {}", id);
    network.subnet = {gateway_of(id - 1), static_cast<std::uint8_t>(id % 2 == 0 ? 20 : 22)};
    if (id % 10 == 0) network.maintenance = {{60, 600}, {3000, 600}};
    model.networks.push_back(std::move(network));
  }
  return model;
}

policy::Device make_device(std::int64_t id, const Size& size, std::mt19937_64& random) {
  policy::Device device;
  device.id = id;
  device.name = fmt::format("pc-{:07}", id);
  device.macs = {mac_of(id)};
  device.uuid = uuid_of(id);
  for (std::int64_t i = below(4, random), last = 0; i > 0; --i) {
    last += 1 + below(size.collections / 4, random);
    device.collections.push_back(last);
  }
  if (id % 20 == 0) {
    policy::DeviceExtras extras;
    if (id % 60 == 0) extras.image = 1 + below(images, random);
    extras.variables = {{"role", "workplace"}};
    extras.runs = {{1 + below(size.deployments, random), policy::RunEnd::done}};
    device.more = std::make_shared<const policy::DeviceExtras>(std::move(extras));
  }
  return device;
}

policy::Facts make_facts(std::int64_t id, std::mt19937_64& random) {
  policy::Facts facts;
  facts.mac = mac_of(id);
  facts.uuid = uuid_of(id);
  facts.kind = id % 3 == 0 ? ClientKind::bios_rom : id % 3 == 1 ? ClientKind::uefi_pxe : ClientKind::ipxe;
  facts.arch = facts.kind == ClientKind::bios_rom ? Arch::bios : id % 16 == 1 ? Arch::arm64 : Arch::x64;
  facts.relay = gateway_of(below(networks, random));
  facts.network = facts.relay;
  static_cast<void>(facts.vendor_class.assign(facts.arch == Arch::bios ? "PXEClient:Arch:00000:UNDI:002001"
                                                                       : "PXEClient:Arch:00007:UNDI:003016"));
  static_cast<void>(facts.circuit_id.assign(fmt::format("Gi{}/0/{}", 1 + id % 4, id % 48)));
  return facts;
}

}  // namespace bench
