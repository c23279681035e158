// SPDX-License-Identifier: GPL-3.0-or-later
// One network: us, a DHCP server, a machine that has a deployment; requests go through the
// codec both ways.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "pxe_messages.h"
#include "session/pxe_service.h"

namespace session::testing {

inline const base::Ipv4 us{{10, 0, 0, 2}}, dhcp_server{{10, 0, 0, 14}}, leased{{10, 0, 0, 77}},
    relay{{10, 9, 0, 1}};
inline constexpr unsigned eth0 = 3;

// An administrator's program that boots, and asks, on its architecture.
inline policy::Program program(policy::Arch arch, std::string path) {
  return {0,     std::string(print(arch)), arch, {policy::Role::boot, policy::Role::prompt},
          false, std::move(path)};
}

// One device, that boots one image each time without being asked.
inline policy::Snapshot site(policy::Settings settings = {}, std::vector<policy::Program> programs = {},
                             policy::Arch arch = policy::Arch::x64, base::Mac mac = client_mac) {
  policy::Image image;
  image.id = 1;
  image.name = "debian";
  image.arch = arch;
  policy::Device device;
  device.id = 1;
  device.name = "pc";
  device.macs = {mac};
  policy::Deployment deployment;
  deployment.id = 1;
  deployment.name = "debian to pc";
  deployment.what = policy::ToBoot{image.id};
  deployment.target = policy::ToDevice{device.id};
  deployment.purpose = policy::Purpose::required;
  deployment.again = true;
  policy::SiteModel model;
  model.settings = settings;
  model.images = {image};
  model.deployments = {deployment};
  model.programs = std::move(programs);
  return policy::Snapshot::make(std::move(model), {device}).value();
}

inline Arrival on_67() { return {67, eth0, us, base::Ipv4::broadcast(), {{}, 68}}; }
inline Arrival on_4011(std::uint16_t port = 4011) { return {4011, eth0, us, us, {leased, port}}; }

// The machine asks 4011 from its new address.
inline Message boot_request(Message m) {
  m.ciaddr = leased;
  return m;
}

class PxeService : public ::testing::Test {
 protected:
  PxeResult ask(const Message& m, const Arrival& arrival, const policy::Snapshot& snapshot) {
    // Through the codec, as a datagram comes.
    std::array<std::uint8_t, wire::dhcp4::max_datagram> datagram{};
    const auto size = wire::dhcp4::encode(m, datagram);
    EXPECT_TRUE(size);
    return handle(base::ByteView(datagram).first(*size), arrival, services, snapshot, now, advice, buffer);
  }
  PxeResult ask(const Message& m, const Arrival& arrival) { return ask(m, arrival, snapshot_); }

  // The reply as the client decodes it.
  static Message decoded(const PxeResult& result) {
    EXPECT_TRUE(result.reply) << print(result.event.outcome);
    if (!result.reply) return {};
    const auto m = wire::dhcp4::decode(result.reply->bytes);
    EXPECT_TRUE(m);
    return *m;
  }
  static std::vector<std::uint8_t> data(const Message& m, std::uint8_t code) {
    const auto found = m.options.find(code);
    return found ? std::vector<std::uint8_t>(found->begin(), found->end()) : std::vector<std::uint8_t>{};
  }
  static std::vector<int> codes(const Message& m) {
    std::vector<int> all;
    for (std::size_t i = 0; i < m.options.size(); ++i) all.push_back(m.options.at(i).code);
    return all;
  }
  static std::vector<std::uint8_t> with_nul(std::string_view text) {
    std::vector<std::uint8_t> octets(text.begin(), text.end());
    octets.push_back(0);
    return octets;
  }

  PxeServices services;
  policy::Now now{1'700'000'000, 0};
  Advice advice;
  std::array<std::uint8_t, max_pxe_reply> buffer{};
  policy::Snapshot snapshot_ = site();
};

}  // namespace session::testing
