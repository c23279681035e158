// SPDX-License-Identifier: GPL-3.0-or-later
// Records there and back, their revisions and names.
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
  policy::BootServer server{
      0, "wds", {{10, 0, 0, 9}}, {{policy::Arch::bios, "a\\b.com"}, {policy::Arch::x64, "x.efi"}}};
  server.id = put(server);
  policy::Referral referral{0, "to wds", {{server.id, 65535}, {server.id, 0}}};
  referral.id = put(referral);
  store::ImageRecord debian = image("debian");
  debian.image.state = policy::ImageState::withdrawn;
  debian.image.id = put(debian);
  policy::Program program{0,    "wdsnbp", policy::Arch::bios, {policy::Role::prompt, policy::Role::detect},
                          true, "p/x.com"};
  program.id = put(program);
  policy::TaskSequence sequence{0, "install", debian.image.id, {{"a", ""}, {"b", "1\n2"}}};
  sequence.id = put(sequence);
  policy::Collection part = collection("part");
  part.id = put(part);
  policy::Collection lab{0,         "lab",     policy::Rule::parse("subnet 10.1.0.0/16").value(),
                         {part.id}, {part.id}, referral.id};
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

}  // namespace
}  // namespace store_test
