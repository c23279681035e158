// SPDX-License-Identifier: GPL-3.0-or-later
// A site of two machines, one image each, and what tests of its services look at: names
// without files behind them, an interface that is not really there, the lines of the log.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "server/administration.h"
#include "server/machines.h"
#include "server/served_interfaces.h"

namespace boot_test {

inline const base::Mac first{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}},
    second{{0x52, 0x54, 0x00, 0x12, 0x34, 0x57}}, stranger{{0x52, 0x54, 0x00, 0xff, 0xff, 0xff}};
inline const base::Ipv4 us{{198, 51, 100, 2}}, here{{198, 51, 100, 77}}, elsewhere{{198, 51, 100, 78}};
// So high that the kernel has no such interface, hence no neighbour there either.
inline constexpr unsigned eth0 = 0x7ffffff0, eth1 = 0x7ffffff1;

inline net::Interface interface(unsigned index, std::string name, base::Ipv4 address) {
  net::Interface i;
  i.index = index;
  i.name = std::move(name);
  i.up = true;
  i.addresses = {{address, 24}};
  return i;
}

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
inline std::shared_ptr<const server::Site> site(bool for_all = false, policy::Settings settings = {}) {
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
  return std::make_shared<const server::Site>(
      server::Site{policy::Snapshot::make(std::move(model), {device(1, first), device(2, second)}).value(),
                   std::make_shared<const content::Published>(std::move(published))});
}

inline policy::Facts machine(const base::Mac& mac, policy::Arch arch = policy::Arch::x64) {
  policy::Facts facts;
  facts.mac = mac;
  facts.kind = policy::ClientKind::uefi_pxe;
  facts.arch = arch;
  return facts;
}

// The machine has spoken DHCP from this address.
inline void seen_at(server::Machines& machines, const policy::Facts& facts, base::Ipv4 address,
                    base::Time now) {
  machines.with([&](auto& bindings, auto&) {
    bindings.learn({address, eth0, facts, session::LearnedFrom::boot_service}, now);
  });
}

// What is logged while it lives, without the time.
class LogLines {
 public:
  LogLines() {
    base::set_log_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line.substr(line.find(' ') + 1, line.size() - line.find(' ') - 2));
    });
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() {
    base::set_log_sink({});
    base::set_log_level(base::LogLevel::info);
  }
  // Those since the last call.
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A network of this thread's own until the test ends, for ports and addresses as they really
// are; `there` is false where that is not allowed.
class OwnNetwork {
 public:
  // Shell commands that set it up.
  explicit OwnNetwork(const std::string& commands)
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        entered_(::unshare(CLONE_NEWNET) == 0) {
    there = entered_ && std::system(commands.c_str()) == 0;
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() {
    if (entered_ && ::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
  }

  bool there = false;

 private:
  base::Fd before_;
  bool entered_;
};

}  // namespace boot_test
