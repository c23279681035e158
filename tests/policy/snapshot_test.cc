// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sites.h"

namespace policy {
namespace {

using testing::HasSubstr;

std::int64_t owner(const Snapshot& s, const base::Mac& mac) {
  const Device* const found = s.device(mac);
  return found == nullptr ? 0 : found->id;
}
std::int64_t owner(const Snapshot& s, const base::Uuid& uuid) {
  const Device* const found = s.device(uuid);
  return found == nullptr ? 0 : found->id;
}

TEST(Snapshot, Empty) {
  const Snapshot empty;
  EXPECT_EQ(empty.device_count(), 0U);
  EXPECT_EQ(empty.image(1), nullptr);
  EXPECT_EQ(empty.task_sequence(1), nullptr);
  EXPECT_EQ(empty.device(1), nullptr);
  EXPECT_EQ(owner(empty, mac_1), 0);
  EXPECT_EQ(empty.program("x"), nullptr);
  EXPECT_EQ(empty.program(Arch::x64, Role::boot), nullptr);
  EXPECT_EQ(empty.referral(1), nullptr);
  EXPECT_EQ(empty.server(1), nullptr);
  EXPECT_TRUE(empty.to_unknown().empty() && empty.to_all().empty() && empty.to_device(1).empty());
}

TEST(Snapshot, ContradictionsAreRefused) {
  SiteModel circle, twins;
  circle.collections = {collection(1, {1})};
  twins.networks = {network(1, "10.0.0.0/8"), network(2, "10.1.0.0/8")};
  for (const SiteModel& model : {circle, twins}) {
    const auto made = Snapshot::make(model, {});
    ASSERT_FALSE(made);
    EXPECT_FALSE(made.error().what.empty());
    const auto changed = site({}, {device(1, {mac_1})}).with(model);
    ASSERT_FALSE(changed);
  }
}

TEST(Snapshot, DeploymentsByTarget) {
  SiteModel model;
  model.collections = {collection(7), collection(8)};
  model.deployments = {deployment(1, ToCollection{8}),  deployment(2, ToDevice{5}),
                       deployment(3, ToUnknown{}),      deployment(4, ToAll{}),
                       deployment(5, ToCollection{99}), deployment(6, ToCollection{8}),
                       deployment(7, ToDevice{5})};
  const Snapshot s = site(model);
  const auto ids = [](const Snapshot::Span& span) {
    std::vector<std::int64_t> out;
    for (const Deployment* each : span) out.push_back(each->id);
    return out;
  };
  EXPECT_TRUE(s.to_collection(0).empty());
  EXPECT_THAT(ids(s.to_collection(1)), testing::UnorderedElementsAre(1, 6));
  EXPECT_THAT(ids(s.to_device(5)), testing::UnorderedElementsAre(2, 7));
  EXPECT_TRUE(s.to_device(6).empty());
  EXPECT_THAT(ids(s.to_unknown()), testing::ElementsAre(3));
  EXPECT_THAT(ids(s.to_all()), testing::ElementsAre(4));
}

TEST(Snapshot, ProgramsByRoleAndConsole) {
  const auto program = [](std::int64_t id, Arch arch, std::vector<Role> roles, bool console) {
    return Program{id,      "p" + std::to_string(id),        arch, std::move(roles),
                   console, "programs/" + std::to_string(id)};
  };
  SiteModel model;
  model.programs = {program(1, Arch::x64, {Role::boot, Role::prompt}, false),
                    program(2, Arch::x64, {Role::boot}, true), program(3, Arch::bios, {}, false),
                    program(4, Arch::x64, {Role::boot}, false), program(5, Arch::arm64, {Role::abort}, true)};
  struct Row {
    Arch arch;
    Role role;
    std::int64_t plain, serial;
  };
  const Row rows[] = {
      {Arch::x64, Role::boot, 1, 2},  {Arch::x64, Role::prompt, 1, 1},  {Arch::x64, Role::abort, 0, 0},
      {Arch::bios, Role::boot, 0, 0}, {Arch::arm64, Role::abort, 0, 5},
  };
  for (const bool serial : {false, true}) {
    model.settings.serial_console = serial;
    const Snapshot s = site(model);
    for (const Row& row : rows) {
      const Program* const found = s.program(row.arch, row.role);
      EXPECT_EQ(found != nullptr ? found->id : 0, serial ? row.serial : row.plain)
          << print(row.arch) << print(row.role);
    }
    EXPECT_EQ(s.program("p3")->id, 3) << "named, it has no role";
  }
}

TEST(Snapshot, ADeviceIsReplacedWithItsNames) {
  const Snapshot before = site({}, {device(1, {mac_1, mac_2}, numbered_uuid(1))});
  Device changed = device(1, {mac_2, mac_3}, numbered_uuid(2));
  changed.name = "renamed";
  const Snapshot after = before.with_devices({changed}, {});
  EXPECT_EQ(after.device_count(), 1U);
  EXPECT_EQ(*after.device(1), changed);
  EXPECT_EQ(owner(after, mac_1), 0);
  EXPECT_EQ(owner(after, mac_2), 1);
  EXPECT_EQ(owner(after, mac_3), 1);
  EXPECT_EQ(owner(after, numbered_uuid(1)), 0);
  EXPECT_EQ(owner(after, numbered_uuid(2)), 1);
  EXPECT_EQ(owner(before, mac_1), 1) << "the published one stays as it was";
  EXPECT_EQ(before.device(1)->name, "device-1");
}

TEST(Snapshot, RemovedDevicesAreForgotten) {
  const Snapshot before = site({}, {device(1, {mac_1}, numbered_uuid(1)), device(2, {mac_2})});
  const Snapshot after = before.with_devices({}, {1, 77});
  EXPECT_EQ(after.device_count(), 1U);
  EXPECT_EQ(after.device(1), nullptr);
  EXPECT_EQ(owner(after, mac_1), 0);
  EXPECT_EQ(owner(after, numbered_uuid(1)), 0);
  EXPECT_EQ(owner(after, mac_2), 2);
  EXPECT_EQ(before.with_devices({device(1, {mac_3})}, {1}).device(mac_3)->id, 1) << "removed and put: put";
}

TEST(Snapshot, AnAddressMovesFromOneDeviceToAnother) {
  const Snapshot before = site({}, {device(1, {mac_1}), device(2, {mac_2})});
  const std::vector<Device> swapped = {device(1, {mac_2}), device(2, {mac_1})};
  for (const bool reversed : {false, true}) {
    std::vector<Device> batch = swapped;
    if (reversed) std::swap(batch[0], batch[1]);
    const Snapshot after = before.with_devices(batch, {});
    EXPECT_EQ(owner(after, mac_1), 2);
    EXPECT_EQ(owner(after, mac_2), 1);
  }
  const Snapshot inherited = before.with_devices({device(2, {mac_1, mac_2})}, {1});
  EXPECT_EQ(owner(inherited, mac_1), 2);
  // In two steps, the giver last: what it gives up is no longer its own.
  const Snapshot taken = before.with_devices({device(2, {mac_1, mac_2})}, {});
  EXPECT_EQ(owner(taken, mac_1), 2);
  EXPECT_EQ(owner(taken.with_devices({device(1, {mac_3})}, {}), mac_1), 2);
  EXPECT_EQ(owner(taken.with_devices({}, {1}), mac_1), 2);
}

TEST(Snapshot, ShareWhatDoesNotChange) {
  std::vector<Device> devices;
  for (std::int64_t id = 1; id <= 5000; ++id)
    devices.push_back(device(id, {numbered_mac(static_cast<std::uint64_t>(id))}));
  SiteModel model;
  model.images = {image(1)};
  model.deployments = {deployment(1, ToAll{})};
  const Snapshot before = site(model, devices);

  const Snapshot one_device = before.with_devices({device(17, {mac_1})}, {});
  EXPECT_EQ(before.image(1), one_device.image(1)) << "the same site";
  EXPECT_EQ(before.to_all().front(), one_device.to_all().front());
  std::size_t copied = 0;
  for (std::int64_t id = 1; id <= 5000; ++id) copied += before.device(id) != one_device.device(id) ? 1 : 0;
  EXPECT_LT(copied, 400U);

  model.deployments.push_back(deployment(2, ToAll{}));
  const auto one_deployment = before.with(model);
  ASSERT_TRUE(one_deployment);
  EXPECT_EQ(one_deployment->to_all().size(), 2U);
  for (std::int64_t id = 1; id <= 5000; ++id) ASSERT_EQ(before.device(id), one_deployment->device(id));

  std::size_t visited = 0;
  one_deployment->each_device([&](const Device&) { ++visited; });
  EXPECT_EQ(visited, 5000U);
}

}  // namespace
}  // namespace policy
