// SPDX-License-Identifier: GPL-3.0-or-later
// A site of two machines, one image each: names without files behind them.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../base/log_lines.h"
#include "site/administration.h"

namespace boot_test {

inline const base::Mac first{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}},
    second{{0x52, 0x54, 0x00, 0x12, 0x34, 0x57}}, stranger{{0x52, 0x54, 0x00, 0xff, 0xff, 0xff}};
inline const base::Ipv4 us{{198, 51, 100, 2}}, here{{198, 51, 100, 77}}, elsewhere{{198, 51, 100, 78}};
inline policy::Device device(std::int64_t id, const base::Mac& mac) {
  policy::Device device;
  device.id = id;
  device.name = mac.print_dashed();
  device.macs = {mac};
  return device;
}

// As `bootferry deploy` makes them: each time for one machine, asked first for all.
inline policy::Deployment deployment(std::int64_t image, policy::DeployedTo target) {
  policy::Deployment deployment;
  deployment.id = image;
  deployment.name = fmt::format("deployment {}", image);
  deployment.what = policy::ToBoot{image};
  deployment.target = target;
  deployment.asks = std::holds_alternative<policy::ToAll>(target);
  deployment.purpose = deployment.asks ? policy::Purpose::available : policy::Purpose::required;
  deployment.again = !deployment.asks;
  return deployment;
}

// «debian» for `first`, «ubuntu» for `second`; «rescue» for everybody else if `for_all`.
inline std::shared_ptr<const site::Site> a_site(bool for_all = false, policy::Settings settings = {}) {
  policy::SiteModel model;
  model.settings = settings;
  std::vector<policy::Image>& images = model.images;
  for (const char* name : {"debian", "ubuntu", "rescue"}) {
    policy::Image image;
    image.id = static_cast<std::int64_t>(images.size()) + 1;
    image.name = name;
    image.kernel = fmt::format("images/{}/1/linux", name);
    images.push_back(image);
  }
  model.deployments = {deployment(1, policy::ToDevice{1}), deployment(2, policy::ToDevice{2})};
  if (for_all) model.deployments.push_back(deployment(3, policy::ToAll{}));
  content::Published published;
  const auto add = [&](const std::string& name) {
    published.add(name, {"/files/" + name, 1000, "tag", "application/octet-stream"});
  };
  for (const char* name :
       {"bios/pxelinux.0", "bios/undionly.kpxe", "x64/snponly.efi", "x64/shimx64.efi", "x64/grubx64.efi"})
    add(name);
  for (const auto& image : images) add(image.kernel);
  return std::make_shared<const site::Site>(
      site::Site{policy::Snapshot::make(std::move(model), {device(1, first), device(2, second)}).value(),
                 std::make_shared<const content::Published>(std::move(published))});
}

inline policy::Facts machine(const base::Mac& mac, policy::Arch arch = policy::Arch::x64) {
  policy::Facts facts;
  facts.mac = mac;
  facts.kind = policy::ClientKind::uefi_pxe;
  facts.arch = arch;
  return facts;
}

}  // namespace boot_test
