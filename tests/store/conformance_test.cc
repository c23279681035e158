// SPDX-License-Identifier: GPL-3.0-or-later
#include "conformance.h"

#include "store/shape.h"

namespace store_test {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);

namespace {

using store::Kind;
using store::Put;
using store::Remove;
using store::SetSettings;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Why = store::Refused::Why;

const std::string mac_1 = "52:54:00:00:00:01", mac_2 = "52:54:00:00:00:02";

// --- there and back ---------------------------------------------------------------------------

TEST_P(Conformance, AFreshStoreIsEmpty) {
  const store::Everything fresh = all();
  EXPECT_EQ(fresh.settings, store::SiteSettings{});
  EXPECT_THAT(fresh.devices, IsEmpty());
  EXPECT_THAT(fresh.images, IsEmpty());
  EXPECT_THAT(*store->events(0, 10), IsEmpty());
}

TEST_P(Conformance, EveryKindComesBackWithAllItsFields) {
  policy::BootServer server{0, "wds", {{10, 0, 0, 9}}, {{policy::Arch::bios, "a\\b.com"}, {policy::Arch::x64, "x.efi"}}};
  server.id = put(server);
  policy::Referral referral{0, "to wds", {{server.id, 65535}, {server.id, 0}}};
  referral.id = put(referral);
  store::ImageRecord debian = image("debian");
  debian.image.id = put(debian);
  policy::Program program{0, "wdsnbp", policy::Arch::bios, {policy::Role::prompt, policy::Role::detect}, true, "p/x.com"};
  program.id = put(program);
  policy::TaskSequence sequence{0, "install", debian.image.id, {{"a", ""}, {"b", "1\n2"}}};
  sequence.id = put(sequence);
  policy::Collection part = collection("part");
  part.id = put(part);
  policy::Collection lab{0, "lab", policy::Rule::parse("subnet 10.1.0.0/16").value(), {part.id}, {part.id}, referral.id};
  lab.id = put(lab);
  policy::Network network;
  network.name = "floor 1";
  network.subnet = *base::IpNet::parse("10.1.0.0/16");
  network.answer = policy::AnswerTo::known;
  network.add_unknown = false;
  network.prompt_known = policy::Prompting::opt_out;
  network.prompt_unknown = policy::Prompting::none;
  network.delay_seconds = 65535;
  network.maintenance = {{0, 60}, {10'079, 1}};
  network.referral = referral.id;
  network.id = put(network);
  policy::Network plain;
  plain.name = "floor 2";
  plain.subnet = *base::IpNet::parse("2001:db8::/32");
  plain.id = put(plain);
  policy::Deployment to_lab = deployment("nightly", 0, policy::ToCollection{lab.id});
  to_lab.what = policy::ToRun{sequence.id};
  to_lab.condition = policy::Rule::parse("arch x64").value();
  to_lab.purpose = policy::Purpose::required;
  to_lab.enabled = false;
  to_lab.order = -7;
  to_lab.created = 1'700'000'000;
  to_lab.from = 1;
  to_lab.until = std::int64_t{1} << 40;
  to_lab.again = true;
  to_lab.asks = true;
  to_lab.program = "wdsnbp";
  to_lab.id = put(to_lab);
  policy::Device pc = device("PC 1", mac_1);
  pc.macs.push_back(*base::Mac::parse(mac_2));
  pc.uuid = base::Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  pc.state = policy::DeviceState::pending;
  pc.request = 4'294'967'295;
  pc.collections = {part.id, lab.id};
  pc.more = std::make_shared<const policy::DeviceExtras>(policy::DeviceExtras{
      {{"a", "1"}, {"b", ""}}, "wdsnbp", debian.image.id, referral.id, {{to_lab.id, policy::RunEnd::held}}});
  pc.id = put(pc);
  std::vector<policy::Deployment> others = {deployment("to pc", debian.image.id, policy::ToDevice{pc.id}),
                                            deployment("to strangers", debian.image.id, policy::ToUnknown{}),
                                            deployment("to all", debian.image.id, policy::ToAll{})};
  for (auto& each : others) each.id = put(each);
  store::SiteSettings settings;
  settings.policy.answer = policy::AnswerTo::none;
  settings.policy.add_unknown = true;
  settings.policy.prompt_known = policy::Prompting::opt_out;
  settings.policy.prompt_unknown = policy::Prompting::none;
  settings.policy.delay_seconds = 65535;
  settings.policy.menus = false;
  settings.policy.detect_processor = true;
  settings.policy.pending = {1, 2, "Bitte warten\nund Tee trinken"};
  settings.ignored_macs = {*policy::MacPrefix::parse("52:54:00"), *policy::MacPrefix::parse(mac_1)};
  settings.wandering_macs = {*policy::MacPrefix::parse("00:50")};
  settings.banned_uuids = {*base::Uuid::parse("ff000000-0000-0000-0000-000000000001"),
                           *base::Uuid::parse("00000001-0000-0000-0000-000000000000")};
  store::tidy(settings);
  ASSERT_TRUE(apply({SetSettings{settings, {}}}));

  reopen();
  const store::Everything back = all();
  EXPECT_EQ(back.settings, settings);
  EXPECT_THAT(back.devices, ElementsAre(pc));
  EXPECT_THAT(back.collections, ElementsAre(part, lab));
  EXPECT_THAT(back.images, ElementsAre(debian));
  EXPECT_THAT(back.task_sequences, ElementsAre(sequence));
  EXPECT_THAT(back.programs, ElementsAre(program));
  EXPECT_THAT(back.deployments, ElementsAre(to_lab, others[0], others[1], others[2]));
  EXPECT_THAT(back.networks, ElementsAre(network, plain));
  EXPECT_THAT(back.servers, ElementsAre(server));
  EXPECT_THAT(back.referrals, ElementsAre(referral));
}

TEST_P(Conformance, AnUpdateReplacesTheWholeRecord) {
  const auto group = put(collection("group"));
  policy::Device pc = device("pc", mac_1);
  pc.uuid = base::Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  pc.collections = {group};
  pc.more = std::make_shared<const policy::DeviceExtras>(policy::DeviceExtras{{{"a", "1"}}, "", 0, 0, {}});
  const auto id = put(pc);
  policy::Device other = device("PC", mac_2);
  other.id = id;
  EXPECT_EQ(put(other), id);
  EXPECT_THAT(all().devices, ElementsAre(other));
  store::ImageRecord debian = image("debian");
  debian.image.id = put(debian);
  debian.image.initrds = {"one"};
  debian.directory = "images/debian/2";
  put(debian);
  EXPECT_THAT(all().images, ElementsAre(debian));
}

// --- revisions --------------------------------------------------------------------------------

TEST_P(Conformance, ARecordHasTheRevisionOfItsLastBatch) {
  const auto one = apply({Put{device("one", mac_1), {}}, Put{collection("group"), {}}});
  const auto two = apply({Put{device("two", mac_2), {}}});
  EXPECT_GT(two->revision, one->revision);
  EXPECT_EQ(store->revision(Kind::device, one->ids[0]).value(), one->revision);
  EXPECT_EQ(store->revision(Kind::collection, one->ids[1]).value(), one->revision);
  EXPECT_EQ(store->revision(Kind::device, two->ids[0]).value(), two->revision);
  EXPECT_EQ(store->revision(Kind::device, 999).value(), std::nullopt);
  EXPECT_EQ(all().revision, two->revision);
  const auto set = apply({SetSettings{}});
  EXPECT_EQ(store->revision(Kind::settings, 1).value(), set->revision);
}

TEST_P(Conformance, WhoChangesAnOldRevisionIsTold) {
  const auto first = apply({Put{device("pc", mac_1), {}}});
  policy::Device pc = device("pc", mac_2);
  pc.id = first->ids[0];
  const auto second = apply({Put{pc, first->revision}});
  ASSERT_TRUE(second);
  refused({Put{pc, first->revision}}, Why::stale, "changed by somebody else");
  refused({Remove{Kind::device, pc.id, first->revision}}, Why::stale);
  EXPECT_TRUE(apply({Remove{Kind::device, pc.id, second->revision}}));
  const auto set = apply({SetSettings{}});
  refused({SetSettings{{}, set->revision - 1}}, Why::stale);
  EXPECT_TRUE(apply({SetSettings{{}, set->revision}}));
}

TEST_P(Conformance, WhatIsNotThereCannotBeChanged) {
  policy::Device pc = device("pc", mac_1);
  pc.id = 77;
  refused({Put{pc, {}}}, Why::not_found, "no device with the number 77");
  refused({Remove{Kind::task_sequence, 77, {}}}, Why::not_found, "no task-sequence");
  refused({Remove{Kind::settings, 1, {}}}, Why::invalid);
}

// --- names ------------------------------------------------------------------------------------

TEST_P(Conformance, NamesOfOneKindDifferInMoreThanCase) {
  put(device("Lab PC", mac_1));
  refused({Put{device("lab pc", mac_2), {}}}, Why::name_taken, "device \"lab pc\"");
  put(collection("lab pc"));  // another kind
  put(image("debian"));
  auto same_directory = image("other");
  same_directory.directory = "images/debian/1";
  refused({Put{same_directory, {}}}, Why::name_taken, "\"debian\"");
  policy::Network one;
  one.name = "one";
  one.subnet = *base::IpNet::parse("10.0.0.0/8");
  put(one);
  one.name = "two";
  refused({Put{one, {}}}, Why::name_taken, "network \"one\"");
}

TEST_P(Conformance, AnAddressAUuidAndANumberBelongToOneDevice) {
  policy::Device pc = device("pc", mac_1);
  pc.uuid = base::Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  pc.state = policy::DeviceState::pending;
  pc.request = 17;
  put(pc);
  refused({Put{device("other", mac_1), {}}}, Why::name_taken, mac_1 + " belongs to device \"pc\"");
  policy::Device other = device("other", mac_2);
  other.uuid = pc.uuid;
  refused({Put{other, {}}}, Why::name_taken, "00112233-4455-6677-8899-aabbccddeeff belongs to device \"pc\"");
  other.uuid.reset();
  other.state = pc.state;
  other.request = 17;
  refused({Put{other, {}}}, Why::name_taken, "17 belongs to device \"pc\"");
  other.request = 18;
  put(other);
}

TEST_P(Conformance, AnAddressMayPassFromOneDeviceToAnotherInEitherOrder) {
  policy::Device one = device("one", mac_1), two = device("two", mac_2);
  one.uuid = base::Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  one.id = put(one);
  two.id = put(two);
  for (const bool giver_first : {true, false}) {
    std::swap(one.macs, two.macs);
    std::swap(one.uuid, two.uuid);
    std::vector<store::Step> steps = {Put{one, {}}, Put{two, {}}};
    if (!giver_first) std::swap(steps[0], steps[1]);
    ASSERT_TRUE(apply(steps));
    EXPECT_THAT(all().devices, ElementsAre(one, two));
  }
  // From one that goes.
  policy::Device heir = device("heir", mac_1);
  heir.uuid = one.uuid;
  for (const bool giver_first : {true, false}) {
    std::vector<store::Step> steps = {Remove{Kind::device, one.id, {}}, Put{heir, {}}};
    if (!giver_first) std::swap(steps[0], steps[1]);
    const auto applied = apply(steps);
    ASSERT_TRUE(applied) << applied.error().what;
    one.id = applied->ids[giver_first ? 1 : 0];
    heir.name += "'s heir";
  }
  // The same device twice: the last counts, and frees what the first had.
  two.macs = {*base::Mac::parse("52:54:00:00:00:03")};
  policy::Device again = two;
  again.macs = {*base::Mac::parse("52:54:00:00:00:04")};
  ASSERT_TRUE(apply({Put{two, {}}, Put{again, {}}}));
  put(device("three", "52:54:00:00:00:03"));
}

// --- references -------------------------------------------------------------------------------

TEST_P(Conformance, WhatARecordRefersToMustBeThere) {
  const auto debian = put(image("debian"));
  refused({Put{deployment("d", 77, policy::ToAll{}), {}}}, Why::missing_part, "image that is not there (number 77)");
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
  refused({Put{policy::Program{program, "q", policy::Arch::x64, {}, false, "p"}, {}}}, Why::in_use, "\"boots\"");

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
  refused({Remove{Kind::collection, group, {}}}, Why::in_use, "\"pc 5\" and others: change or remove that first");
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
  refused({Put{moved, {}}, Remove{Kind::collection, group, {}}, Put{image("debian"), {}}, SetSettings{settings, {}},
           Put{device("PC", "52:54:00:00:00:07"), {}}},
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
  const auto applied = store->apply({"admin", "", {Put{device("pc", mac_1), {}}}}, [&](const store::Applied& made) {
    seen = made;
    return base::Status(base::fail("no, thanks"));
  });
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error(), (store::Refused{Why::contradiction, 0, "no, thanks"}));
  EXPECT_THAT(seen.ids, SizeIs(1));
  EXPECT_GT(seen.revision, before.revision);
  EXPECT_EQ(all(), before);
  EXPECT_THAT(*store->events(0, 10), IsEmpty());
  EXPECT_TRUE(store->apply({"admin", "", {Put{device("pc", mac_1), {}}}}, [](const auto&) { return base::Status(); }));
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
    lines.push_back(fmt::format("{} {} {} {} \"{}\" in {}", e.who, e.verb, print(e.kind), e.subject, e.name, e.revision));
  }
  EXPECT_THAT(lines,
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
