// SPDX-License-Identifier: GPL-3.0-or-later
// References, batches and the rest.
#include "conformance.h"

#include "store/shape.h"

namespace store_test {

namespace {

using store::Kind;
using store::Put;
using store::Remove;
using store::SetSettings;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Why = store::Refused::Why;

const std::string mac_1 = "52:54:00:00:00:01", mac_2 = "52:54:00:00:00:02";

// --- references -------------------------------------------------------------------------------

TEST_P(Conformance, WhatARecordRefersToMustBeThere) {
  const auto debian = put(image("debian"));
  refused({Put{deployment("d", 77, policy::ToAll{}), {}}}, Why::missing_part,
          "image that is not there (number 77)");
  refused({Put{deployment("d", 0, policy::ToAll{}), {}}}, Why::missing_part, "image");
  refused({Put{deployment("d", debian, policy::ToDevice{77}), {}}}, Why::missing_part, "device");
  refused({Put{deployment("d", debian, policy::ToCollection{77}), {}}}, Why::missing_part, "collection");
  auto runs = deployment("d", debian, policy::ToAll{});
  runs.what = policy::ToRun{77};
  refused({Put{runs, {}}}, Why::missing_part, "task-sequence");
  auto with_program = deployment("d", debian, policy::ToAll{});
  with_program.program = "ipxe";
  refused({Put{with_program, {}}}, Why::missing_part, "no boot program \"ipxe\"");
  put(policy::Program{0, "iPXE", policy::Arch::x64, {}, false, "p"});
  refused({Put{with_program, {}}}, Why::missing_part, "no boot program \"ipxe\"");  // by its exact name
  refused({Put{policy::TaskSequence{0, "s", 77, {}}, {}}}, Why::missing_part, "image");
  refused({Put{policy::Referral{0, "r", {{77, 1}}}, {}}}, Why::missing_part, "server");
  auto group = collection("g");
  group.excludes = {77};
  refused({Put{group, {}}}, Why::missing_part, "collection");
  group.excludes = {};
  group.referral = 77;
  refused({Put{group, {}}}, Why::missing_part, "referral");
  policy::Network network;
  network.name = "n";
  network.referral = 77;
  refused({Put{network, {}}}, Why::missing_part, "referral");
  policy::Device pc = device("pc", mac_1);
  pc.collections = {77};
  refused({Put{device("first", mac_2), {}}, Put{pc, {}}}, Why::missing_part, "collection", 1);
  pc.collections = {};
  for (const auto& more : {policy::DeviceExtras{{}, "", 77, 0, {}}, policy::DeviceExtras{{}, "", 0, 77, {}},
                           policy::DeviceExtras{{}, "ipxe", 0, 0, {}},
                           policy::DeviceExtras{{}, "", 0, 0, {{77, policy::RunEnd::done}}}}) {
    pc.more = std::make_shared<const policy::DeviceExtras>(more);
    refused({Put{pc, {}}}, Why::missing_part);
  }
}

TEST_P(Conformance, WhatIsInUseStaysAndItsUsersAreNamed) {
  const auto server = put(policy::BootServer{0, "s", {{10, 0, 0, 9}}, {}});
  const auto referral = put(policy::Referral{0, "r", {{server, 1}}});
  const auto debian = put(image("debian"));
  const auto program = put(policy::Program{0, "p", policy::Arch::x64, {}, false, "p"});
  const auto sequence = put(policy::TaskSequence{0, "ts", debian, {}});
  const auto part = put(collection("part"));
  auto whole = collection("whole");
  whole.includes = {part};
  whole.referral = referral;
  const auto whole_id = put(whole);
  policy::Device pc = device("pc", mac_1);
  pc.id = put(pc);
  auto runs = deployment("runs", 0, policy::ToDevice{pc.id});
  runs.what = policy::ToRun{sequence};
  const auto runs_id = put(runs);
  auto boots = deployment("boots", debian, policy::ToCollection{whole_id});
  boots.program = "p";
  const auto boots_id = put(boots);

  refused({Remove{Kind::server, server, {}}}, Why::in_use, "server \"s\" is in use by referral \"r\"");
  refused({Remove{Kind::referral, referral, {}}}, Why::in_use, "by collection \"whole\"");
  refused({Remove{Kind::image, debian, {}}}, Why::in_use, "by deployment \"boots\"");
  refused({Remove{Kind::program, program, {}}}, Why::in_use, "by deployment \"boots\"");
  refused({Remove{Kind::task_sequence, sequence, {}}}, Why::in_use, "by deployment \"runs\"");
  refused({Remove{Kind::collection, part, {}}}, Why::in_use, "by collection \"whole\"");
  refused({Remove{Kind::collection, whole_id, {}}}, Why::in_use, "by deployment \"boots\"");
  refused({Remove{Kind::device, pc.id, {}}}, Why::in_use, "by deployment \"runs\"");
  // Under another name it is not there for them either.
  refused({Put{policy::Program{program, "q", policy::Arch::x64, {}, false, "p"}, {}}}, Why::in_use,
          "\"boots\"");

  ASSERT_TRUE(apply({Remove{Kind::deployment, runs_id, {}}, Remove{Kind::deployment, boots_id, {}}}));
  refused({Remove{Kind::image, debian, {}}}, Why::in_use, "by task-sequence \"ts\"");
  pc.collections = {part, whole_id};
  pc.more = std::make_shared<const policy::DeviceExtras>(policy::DeviceExtras{{}, "p", debian, referral, {}});
  policy::Network network;
  network.name = "n";
  network.referral = referral;
  const auto network_id = put(network);
  // All of it in one batch, the used before the users; then the device alone uses it.
  ASSERT_TRUE(apply({Put{pc, {}}, Remove{Kind::task_sequence, sequence, {}}}));
  refused({Remove{Kind::image, debian, {}}}, Why::in_use, "by device \"pc\"");
  refused({Remove{Kind::program, program, {}}}, Why::in_use, "by device \"pc\"");
  refused({Remove{Kind::collection, whole_id, {}}}, Why::in_use, "by device \"pc\"");
  refused({Remove{Kind::referral, referral, {}}}, Why::in_use, "by device \"pc\"");
  EXPECT_TRUE(apply({Remove{Kind::server, server, {}}, Remove{Kind::referral, referral, {}},
                     Remove{Kind::collection, part, {}}, Remove{Kind::collection, whole_id, {}},
                     Remove{Kind::network, network_id, {}}, Remove{Kind::image, debian, {}},
                     Remove{Kind::program, program, {}}, Remove{Kind::device, pc.id, {}}}));
  EXPECT_EQ(all().devices.size() + all().images.size() + all().collections.size(), 0U);
}

TEST_P(Conformance, ManyUsersAreNotAllNamed) {
  const auto group = put(collection("group"));
  for (int i = 1; i <= 7; ++i) {
    policy::Device pc = device("pc " + std::to_string(i), "52:54:00:00:00:0" + std::to_string(i));
    pc.collections = {group};
    put(pc);
  }
  refused({Remove{Kind::collection, group, {}}}, Why::in_use,
          "\"pc 5\" and others: change or remove that first");
}

TEST_P(Conformance, WhatBecameOfADeploymentGoesWithIt) {
  const auto debian = put(image("debian"));
  const auto gone = put(deployment("gone", debian, policy::ToAll{}));
  const auto stays = put(deployment("stays", debian, policy::ToAll{}));
  policy::Device pc = device("pc", mac_1);
  pc.more = std::make_shared<const policy::DeviceExtras>(
      policy::DeviceExtras{{}, "", 0, 0, {{gone, policy::RunEnd::done}, {stays, policy::RunEnd::done}}});
  put(pc);
  ASSERT_TRUE(apply({Remove{Kind::deployment, gone, {}}}));
  EXPECT_THAT(all().devices.front().extras().runs, ElementsAre(policy::RunMark{stays, policy::RunEnd::done}));
  const auto next = put(deployment("next", debian, policy::ToAll{}));
  EXPECT_GT(next, stays) << "a number is never used again";
}

// --- batches ----------------------------------------------------------------------------------

TEST_P(Conformance, ABatchThatIsRefusedInItsLastStepChangesNothing) {
  const auto group = put(collection("group"));
  policy::Device pc = device("pc", mac_1);
  pc.collections = {group};
  pc.id = put(pc);
  policy::Device moved = pc;
  moved.macs = {*base::Mac::parse(mac_2)};
  moved.collections = {};
  store::SiteSettings settings;
  settings.policy.menus = false;
  refused({Put{moved, {}}, Remove{Kind::collection, group, {}}, Put{image("debian"), {}},
           SetSettings{settings, {}}, Put{device("PC", "52:54:00:00:00:07"), {}}},
          Why::name_taken, "", 4);
  EXPECT_EQ(store->revision(Kind::device, pc.id).value().value_or(0), 2 + 1);
}

TEST_P(Conformance, RecordsOutOfBoundsAreRefused) {
  refused({Put{device("", mac_1), {}}}, Why::invalid, "no name");
  refused({Put{device("a\nb", mac_1), {}}}, Why::invalid, "control character");
  refused({Put{device(std::string(store::max_name + 1, 'x'), mac_1), {}}}, Why::invalid, "too long");
  policy::Device nobody;
  nobody.name = "nobody";
  refused({Put{device("ok", mac_1), {}}, Put{nobody, {}}}, Why::invalid, "neither a hardware address", 1);
  store::SiteSettings settings;
  settings.policy.pending.message = std::string(store::max_text + 1, 'x');
  refused({SetSettings{settings, {}}}, Why::invalid, "message");
}

TEST_P(Conformance, AVetoUndoesTheBatch) {
  const store::Everything before = all();
  store::Applied seen;
  const auto applied =
      store->apply({"admin", "", {Put{device("pc", mac_1), {}}}}, [&](const store::Applied& made) {
        seen = made;
        return base::Status(base::fail("no, thanks"));
      });
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error(), (store::Refused{Why::contradiction, 0, "no, thanks"}));
  EXPECT_THAT(seen.ids, SizeIs(1));
  EXPECT_GT(seen.revision, before.revision);
  EXPECT_EQ(all(), before);
  EXPECT_THAT(*store->events(0, 10), IsEmpty());
  EXPECT_TRUE(store->apply({"admin", "", {Put{device("pc", mac_1), {}}}},
                           [](const auto&) { return base::Status(); }));
}

TEST_P(Conformance, ALongBatchTellsHowFarItIs) {
  store::Batch batch{"admin", "imported", {}};
  for (std::uint32_t n = 0; n < 2500; ++n) {
    policy::Device pc = device("pc-" + std::to_string(n), mac_1);
    pc.macs.front().octets[4] = static_cast<std::uint8_t>(n >> 8);
    pc.macs.front().octets[5] = static_cast<std::uint8_t>(n);
    batch.steps.push_back(Put{pc, {}});
  }
  std::vector<std::size_t> told;
  batch.progress = [&](std::size_t done) { told.push_back(done); };
  ASSERT_TRUE(store->apply(batch));
  EXPECT_THAT(told, testing::ElementsAre(1000, 2000));
}

TEST_P(Conformance, ABatchRefersToWhatItCreates) {
  policy::Collection inner = collection("inner"), outer = collection("outer");
  inner.id = -1;
  outer.id = -7;
  outer.includes = {-1};
  policy::Device pc = device("pc", mac_1);
  pc.id = -2;
  pc.collections = {-7, -1};
  policy::Deployment required;
  required.name = "later";
  store::ImageRecord debian = image("debian");
  debian.image.id = -3;
  required.what = policy::ToBoot{-3};
  required.target = policy::ToDevice{-2};
  const auto applied =
      apply({Put{inner, {}}, Put{outer, {}}, Put{pc, {}}, Put{debian, {}}, Put{required, {}}});
  ASSERT_TRUE(applied) << applied.error().what;
  const auto& ids = applied->ids;
  EXPECT_THAT(ids, Each(Gt(0)));
  const auto now = all();
  EXPECT_THAT(now.collections[1].includes, ElementsAre(ids[0]));
  EXPECT_THAT(now.devices[0].collections, ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(now.deployments[0].what, policy::Deployed(policy::ToBoot{ids[3]}));
  EXPECT_EQ(now.deployments[0].target, policy::DeployedTo(policy::ToDevice{ids[2]}));
}

TEST_P(Conformance, APlaceholderThatIsPutAgainIsTheSameRecord) {
  policy::Device pc = device("pc", mac_1);
  pc.id = -2;
  store::ImageRecord debian = image("debian");
  debian.image.id = -3;
  policy::Deployment required;
  required.id = -4;
  required.name = "required";
  required.what = policy::ToBoot{-3};
  required.target = policy::ToDevice{-2};
  policy::Device done = pc;
  done.more = std::make_shared<const policy::DeviceExtras>(
      policy::DeviceExtras{{}, "", 0, 0, {{-4, policy::RunEnd::done}}});
  const auto applied = apply({Put{pc, {}}, Put{debian, {}}, Put{required, {}}, Put{done, {}}});
  ASSERT_TRUE(applied) << applied.error().what;
  EXPECT_EQ(applied->ids[3], applied->ids[0]);
  const auto now = all();
  ASSERT_THAT(now.devices, SizeIs(1));
  EXPECT_EQ(now.devices[0].macs, pc.macs);
  EXPECT_THAT(now.devices[0].extras().runs,
              ElementsAre(policy::RunMark{applied->ids[2], policy::RunEnd::done}));
}

TEST_P(Conformance, APlaceholderStandsForAnEarlierStepOnly) {
  policy::Collection inner = collection("inner"), outer = collection("outer");
  inner.id = -1;
  outer.includes = {-1};
  const auto before = all();
  const auto applied = apply({Put{outer, {}}, Put{inner, {}}});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().why, Why::missing_part);
  EXPECT_EQ(applied.error().step, 0U);
  EXPECT_EQ(all(), before);
}

TEST_P(Conformance, EveryStepIsAnEvent) {
  const auto first = apply({Put{device("pc", mac_1), {}}, Put{collection("group"), {}}});
  policy::Device pc = device("renamed", mac_1);
  pc.id = first->ids[0];
  const auto second = store->apply({"helpdesk anna", "approved", {Put{pc, {}}}});
  const auto third = apply({Put{pc, {}}, Remove{Kind::device, pc.id, {}}, SetSettings{}});
  const auto events = store->events(0, 100).value();
  std::vector<std::string> lines;
  std::int64_t last = 0;
  for (const auto& e : events) {
    EXPECT_GT(e.id, last);
    last = e.id;
    EXPECT_GT(e.at, 1'700'000'000);
    lines.push_back(
        fmt::format("{} {} {} {} \"{}\" in {}", e.who, e.verb, print(e.kind), e.subject, e.name, e.revision));
  }
  EXPECT_THAT(
      lines,
      ElementsAre(fmt::format("admin created device {} \"pc\" in {}", pc.id, first->revision),
                  fmt::format("admin created collection {} \"group\" in {}", first->ids[1], first->revision),
                  fmt::format("helpdesk anna approved device {} \"renamed\" in {}", pc.id, second->revision),
                  fmt::format("admin changed device {} \"renamed\" in {}", pc.id, third->revision),
                  fmt::format("admin removed device {} \"renamed\" in {}", pc.id, third->revision),
                  fmt::format("admin changed settings 1 \"settings\" in {}", third->revision)));
  EXPECT_THAT(*store->events(events[1].id, 2), ElementsAre(events[2], events[3]));
  EXPECT_THAT(*store->events(last, 100), IsEmpty());
}

// --- the rest ---------------------------------------------------------------------------------

TEST_P(Conformance, AVersionNumberIsNeverGivenTwice) {
  EXPECT_EQ(*store->last_version("images/a"), 0);
  EXPECT_EQ(*store->next_version("images/a"), 1);
  EXPECT_EQ(*store->next_version("images/b"), 1);
  reopen();
  EXPECT_EQ(*store->next_version("images/a"), 2);
  EXPECT_EQ(*store->last_version("images/a"), 2);
}

TEST_P(Conformance, ABackupOpensAndEquals) {
  put(device("pc", mac_1));
  put(image("debian"));
  static_cast<void>(store->next_version("images/debian"));
  const std::string path = place->directory() + "/copy";
  const auto done = store->back_up(path);
  ASSERT_TRUE(done) << done.error().what;
  put(device("later", mac_2));
  const auto copy = place->open_backup(path);
  ASSERT_NE(copy, nullptr);
  EXPECT_THAT(copy->load()->devices, SizeIs(1));
  EXPECT_EQ(copy->last_version("images/debian").value(), 1);
  EXPECT_EQ(copy->events(0, 10)->size(), 2U);
  EXPECT_THAT(store->back_up(path).error().what, HasSubstr("is there already"));
  EXPECT_FALSE(store->back_up(place->directory() + "/absent/copy"));
}

}  // namespace
}  // namespace store_test
