// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshot and store stay equal whatever happens, and a change costs what it touches.
#include "site/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../content/scratch.h"
#include "../store/random_batches.h"

namespace site {
namespace {

using store::Kind;
using store::Put;
using store::Remove;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;
using Why = store::Refused::Why;

// What the snapshot holds, as the store gives it back.
store::Everything everything(const SiteRecords& records) {
  const policy::SiteModel& model = records.model();
  store::Everything all;
  all.settings = {model.policy, model.ignored_macs, model.wandering_macs, model.banned_uuids};
  all.images = records.images();
  all.task_sequences = model.task_sequences;
  all.programs = model.programs;
  all.deployments = model.deployments;
  all.collections = model.collections;
  all.networks = model.networks;
  all.servers = model.servers;
  all.referrals = model.referrals;
  records.snapshot().each_device([&](const policy::Device& device) { all.devices.push_back(device); });
  std::ranges::sort(all.devices, {}, &policy::Device::id);
  return all;
}

class SiteRecordsTest : public testing::Test {
 protected:
  SiteRecordsTest() { reopen(); }
  void reopen() {
    records.reset();
    auto store = store::open_sqlite(scratch.path("bootferry.db"));
    ASSERT_TRUE(store) << store.error().what;
    auto opened = SiteRecords::open(std::move(*store), settings);
    ASSERT_TRUE(opened) << opened.error().what;
    records = std::move(*opened);
  }
  store::Everything stored() {
    store::Everything all = records->store().load().value();
    all.revision = 0;
    return all;
  }
  std::int64_t put(store::Record record) {
    const auto applied = records->apply({"admin", "", {Put{std::move(record), {}}}});
    EXPECT_TRUE(applied) << applied.error().what;
    return applied ? applied->ids.front() : 0;
  }
  static policy::Device device(const std::string& name, std::uint8_t number) {
    policy::Device out;
    out.name = name;
    out.macs = {{{0x52, 0x54, 0, 0, 0, number}}};
    return out;
  }

  Scratch scratch;
  policy::Settings settings;
  std::unique_ptr<SiteRecords> records;
};

TEST_F(SiteRecordsTest, SnapshotAndStoreAreEqualAfterEachOfRandomBatches) {
  settings.http_port = 8080;
  std::size_t taken = 0, contradictions = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    records.reset();
    for (const char* name : {"bootferry.db", "bootferry.db-wal", "bootferry.db-shm"})
      std::filesystem::remove(scratch.path(name));
    reopen();
    store_test::SiteModel model;
    store_test::RandomBatches batches(100 + seed);
    for (int round = 0; round < 120; ++round) {
      SCOPED_TRACE(fmt::format("round {}", round));
      const store::Batch batch = batches.next(model);
      const policy::Snapshot before = records->snapshot();
      const auto applied = records->apply(batch);
      if (applied) {
        model.apply(batch, *applied);
        ++taken;
      } else {
        ASSERT_EQ(&records->snapshot().model(), &before.model()) << "refused, and changed all the same";
        if (applied.error().why == Why::contradiction) ++contradictions;
      }
      ASSERT_EQ(everything(*records), stored());
      // Names lead to who has them now.
      records->snapshot().each_device([&](const policy::Device& device) {
        for (const auto& mac : device.macs) ASSERT_EQ(records->snapshot().device(mac)->id, device.id);
        if (device.uuid) {
          ASSERT_EQ(records->snapshot().device(*device.uuid)->id, device.id);
        }
      });
    }
    const store::Everything before = everything(*records);
    reopen();
    EXPECT_EQ(everything(*records), before);
    EXPECT_EQ(records->snapshot().settings(), settings);
  }
  EXPECT_GT(taken, 100U);
  EXPECT_GT(contradictions, 0U);
}

TEST_F(SiteRecordsTest, ACircleOfCollectionsIsRefusedAndNothingChanges) {
  policy::Collection inner, outer;
  inner.name = "inner";
  inner.id = put(inner);
  outer.name = "outer";
  outer.includes = {inner.id};
  outer.id = put(outer);
  const auto before = stored();
  const auto revision = records->store().load()->revision;
  const policy::SiteModel* model = &records->model();
  inner.excludes = {outer.id};
  const auto refused = records->apply({"admin", "", {Put{device("pc", 1), {}}, Put{inner, {}}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Why::contradiction);
  EXPECT_THAT(refused.error().what,
              AllOf(HasSubstr("circle"), HasSubstr("\"inner\""), HasSubstr("\"outer\"")));
  EXPECT_EQ(stored(), before);
  EXPECT_EQ(records->store().load()->revision, revision);
  EXPECT_EQ(everything(*records), before);
  EXPECT_EQ(&records->model(), model);
  EXPECT_THAT(*records->store().events(0, 10), SizeIs(2));
}

TEST_F(SiteRecordsTest, OneDeviceDoesNotRebuildTheModel) {
  policy::Collection group;
  group.name = "group";
  put(group);
  policy::Device pc = device("pc", 1);
  const policy::Snapshot before = records->snapshot();
  pc.id = put(pc);
  EXPECT_EQ(&records->model(), &before.model()) << "the same object, not one like it";
  EXPECT_EQ(&records->snapshot().collections(), &before.collections());
  EXPECT_EQ(before.device_count(), 0U) << "who holds the old snapshot sees the old site";
  pc.macs = {base::Mac{{0x52, 0x54, 0, 0, 0, 9}}};
  put(pc);
  EXPECT_EQ(&records->model(), &before.model());
  ASSERT_TRUE(records->apply({"admin", "", {Remove{Kind::device, pc.id, {}}}}));
  EXPECT_EQ(&records->model(), &before.model());
  EXPECT_EQ(records->snapshot().device_count(), 0U);
}

// Otherwise the device could not be changed any more: it would refer to what is gone.
TEST_F(SiteRecordsTest, WhatBecameOfADeploymentGoesWithIt) {
  store::ImageRecord image;
  image.image.name = "debian";
  image.directory = "images/debian/1";
  policy::Deployment deployment;
  deployment.name = "debian to all";
  deployment.what = policy::ToBoot{put(image)};
  deployment.target = policy::ToAll{};
  const auto id = put(deployment);
  policy::Device pc = device("pc", 1);
  pc.more = std::make_shared<const policy::DeviceExtras>(
      policy::DeviceExtras{{}, "", 0, 0, {{id, policy::RunEnd::done}}});
  pc.id = put(pc);
  ASSERT_TRUE(records->apply({"admin", "", {Remove{Kind::deployment, id, {}}}}));
  EXPECT_EQ(records->snapshot().device(pc.id)->more, nullptr);
  EXPECT_EQ(everything(*records), stored());
  put(*records->snapshot().device(pc.id));
}

TEST_F(SiteRecordsTest, ADeviceThatIsPutAndRemovedInOneBatchIsGone) {
  policy::Device pc = device("pc", 1);
  pc.id = put(pc);
  policy::Device renamed = pc;
  renamed.name = "renamed";
  ASSERT_TRUE(records->apply(
      {"admin", "", {Put{renamed, {}}, Remove{Kind::device, pc.id, {}}, Put{pc = device("pc", 1), {}}}}));
  EXPECT_EQ(records->snapshot().device_count(), 1U);
  EXPECT_EQ(everything(*records), stored());
}

TEST_F(SiteRecordsTest, ListsAreTidiedOnTheWayIn) {
  policy::Collection group;
  group.name = "group";
  const auto id = put(group);
  policy::Device pc = device("pc", 1);
  pc.collections = {id, id};
  pc.more = std::make_shared<const policy::DeviceExtras>();
  pc.id = put(pc);
  EXPECT_THAT(records->snapshot().device(pc.id)->collections, testing::ElementsAre(id));
  EXPECT_EQ(records->snapshot().device(pc.id)->more, nullptr);
  EXPECT_EQ(everything(*records), stored());
}

TEST_F(SiteRecordsTest, AReferralThatCouldNotWorkIsRefusedWhenItIsSet) {
  const base::Ipv4 us{{10, 0, 0, 1}}, them{{10, 0, 0, 2}};
  records->check_referrals([us] { return std::vector<base::Ipv4>{us}; });
  policy::BootServer server{-1, "wds", us, {{policy::Arch::bios, "boot/wdsnbp.com"}}};
  policy::Referral referral{0, "west", {{-1, 1}}};
  const auto refused = [&](const store::Batch& batch) {
    const auto before = everything(*records);
    const auto applied = records->apply(batch);
    EXPECT_EQ(everything(*records), before);
    EXPECT_EQ(everything(*records), stored());
    return applied ? "" : applied.error().why == Why::contradiction ? applied.error().what : "another reason";
  };
  EXPECT_THAT(refused({"admin", "", {Put{server, {}}, Put{referral, {}}}}),
              HasSubstr("server \"wds\": 10.0.0.1 is this server itself"));
  server.address = them;
  const auto made = records->apply({"admin", "", {Put{server, {}}, Put{referral, {}}}});
  ASSERT_TRUE(made) << made.error().what;
  server.id = made->ids[0];
  server.address = us;
  EXPECT_THAT(refused({"admin", "", {Put{server, {}}}}), HasSubstr("is this server itself"))
      << "the server of a referral that is there already";

  // Whom it is set for: what is deployed to them decides.
  store::ImageRecord image;
  image.image.name = "pi";
  image.image.arch = policy::Arch::arm64;
  image.directory = "images/pi/1";
  policy::Collection group;
  group.name = "group";
  group.id = put(group);
  policy::Deployment deployment;
  deployment.name = "pi to group";
  deployment.what = policy::ToBoot{put(image)};
  deployment.target = policy::ToCollection{group.id};
  put(deployment);
  group.referral = made->ids[1];
  EXPECT_THAT(refused({"admin", "", {Put{group, {}}}}),
              HasSubstr("collection \"group\" is referred, \"pi\""));
  policy::Network network;
  network.name = "branch";
  network.subnet = *base::IpNet::parse("10.1.0.0/16");
  network.referral = made->ids[1];
  put(network);
  put(device("unrelated", 9));
}

TEST_F(SiteRecordsTest, WhoIsDeadStaysSoWhateverElseChanges) {
  ASSERT_TRUE(records->set_dead_servers({3, 5}));
  put(device("pc", 1));
  policy::Collection group;
  group.name = "group";
  put(group);
  ASSERT_TRUE(records->set_settings(settings));
  EXPECT_FALSE(records->snapshot().alive(5));
  EXPECT_TRUE(records->snapshot().alive(4));
  EXPECT_EQ(everything(*records), stored());
  reopen();
  EXPECT_TRUE(records->snapshot().alive(5)) << "nobody knows it any more";
}

}  // namespace
}  // namespace site
