// SPDX-License-Identifier: GPL-3.0-or-later
// Decisions in words. First one machine's deployments as a site with Configuration Manager had
// them: its five offers, the first chosen and said, and the two classic mistakes.
#include "api/explanation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../policy/case.h"
#include "api/compare.h"

namespace api {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> texts(const Json& explanation) {
  std::vector<std::string> out;
  for (const Json& entry : explanation.at("considered")) out.push_back(entry.at("text"));
  return out;
}
Json explained(const policy::Facts& facts, const policy::Snapshot& site, policy::Now at = {policy::now, 0}) {
  return explanation(facts, policy::answer(facts, site, at), Names(site));
}

policy::Facts the_facts() {
  const auto question = question_from_json(Json::parse(
      R"({"mac": "00:15:5D:3C:D0:4C", "uuid": "32E5B71A-B626-4A4B-902E-7F94AD38B5B3", "firmware": "bios"})"));
  return question.value().facts;
}
policy::Device the_record() {
  policy::Device record = policy::device(16777299, {the_facts().mac}, the_facts().uuid);
  record.name = "pc-7";
  record.collections = {1};
  return record;
}
policy::SiteModel five_offers() {
  struct Offer {
    const char *name, *package, *time;
  };
  const Offer offers[] = {{"RR22000D", "RR200012", "2014-01-29T15:26:00Z"},
                          {"RR22000E", "RR200024", "2014-02-10T11:10:00Z"},
                          {"RR220014", "RR2000D5", "2014-04-24T11:25:00Z"},
                          {"RR220026", "RR200127", "2014-08-20T09:09:00Z"},
                          {"RR220028", "RR2000CE", "2014-09-03T16:15:00Z"}};
  policy::SiteModel model;
  model.collections = {policy::collection(1)};
  model.collections[0].name = "lab";
  model.images = {policy::image(1)};
  model.images[0].name = "RR200004";
  std::int64_t id = 0;
  for (const auto& [name, package, time] : offers) {
    model.task_sequences.push_back({++id, package, 1, {}});
    policy::Deployment one = policy::deployment(id, policy::ToCollection{1});
    one.name = name;
    one.what = policy::ToRun{id};
    one.created = parse_time(time).value();
    model.deployments.push_back(one);
  }
  return model;
}

TEST(FiveOffers, TheFirstIsChosenAndSaid) {
  policy::SiteModel model = five_offers();
  model.policy.menus = false;
  model.policy.prompt_known = policy::Prompting::none;
  const Json it = explained(the_facts(), policy::site(model, {the_record()}));
  EXPECT_EQ(it.at("outcome"), "boot");
  EXPECT_EQ(it.at("device"), "pc-7");
  EXPECT_EQ(it.at("deployment"), "RR220028");
  EXPECT_EQ(it.at("task_sequence"), "RR2000CE");
  EXPECT_EQ(it.at("image"), "RR200004");
  EXPECT_EQ(
      it.at("summary"),
      "boots RR200004 for task sequence «RR2000CE», because deployment «RR220028» is available to collection "
      "«lab»");
  EXPECT_EQ(it.at("step"), Json::parse(R"({"kind": "loader", "path": "bios/pxelinux.0"})"));
  EXPECT_FALSE(it.contains("reason"));
  EXPECT_THAT(texts(it), Contains("00:15:5d:3c:d0:4c and the UUID are those of device «pc-7»"));
  EXPECT_THAT(texts(it), Contains("deployment «RR220028», available to collection «lab», is chosen"));
  for (const char* later : {"RR220026", "RR220014", "RR22000E", "RR22000D"})
    EXPECT_THAT(texts(it),
                Contains(fmt::format("deployment «{}», available to collection «lab», comes after those "
                                     "that were chosen",
                                     later)));
}

TEST(FiveOffers, AreAMenu) {
  const Json it = explained(the_facts(), policy::site(five_offers(), {the_record()}));
  EXPECT_EQ(it.at("outcome"), "menu");
  EXPECT_EQ(it.at("menu").size(), 5U);
  EXPECT_EQ(it.at("menu")[0].at("deployment"), "RR220028");
  EXPECT_THAT(it.at("summary"), HasSubstr("offers a menu of 5"));
}

TEST(NoOffers, AKnownMachineAndADeploymentForUnknownOnes) {
  policy::SiteModel model = five_offers();
  model.deployments.resize(1);
  model.deployments[0].target = policy::ToUnknown{};
  model.deployments[0].name = "lab";
  const Json it = explained(the_facts(), policy::site(model, {the_record()}));
  EXPECT_EQ(it.at("outcome"), "abort");
  EXPECT_EQ(it.at("reason"), "nothing-to-do");
  EXPECT_EQ(it.at("summary"),
            "goes on to its disk, because deployment «lab» is for unknown machines only, and pc-7 is known");
  const Json& last = it.at("considered").back();
  EXPECT_EQ(last,
            Json::parse(R"({"point": "deployment", "verdict": "did-not-apply", "detail": "for-unknown-only",
    "subject": {"kind": "deployment", "name": "lab"},
    "text": "deployment «lab» is for unknown machines only, and pc-7 is known"})"));
  EXPECT_THAT(explanation_text(it),
              HasSubstr("pc-7 goes on to its disk, because deployment «lab» is for unknown"));
}

TEST(NoOffers, AnUnknownMachineAndADeploymentForACollection) {
  const Json it = explained(the_facts(), policy::site(five_offers()));
  EXPECT_EQ(it.at("outcome"), "silent");
  EXPECT_EQ(it.at("reason"), "no-deployment");
  EXPECT_FALSE(it.contains("device"));
  EXPECT_THAT(texts(it),
              Contains("no record has 00:15:5d:3c:d0:4c or the UUID 32e5b71a-b626-4a4b-902e-7f94ad38b5b3: "
                       "the machine is unknown"));
  EXPECT_THAT(it.at("hint"), HasSubstr("bootferry deploy"));
}

// Each way that a decision can go, and what is said then.
struct Way {
  const char* name;
  void (*turn)(policy::Case&);
  const char* outcome;
  const char* says;  // in the summary or in one of the texts
};
class EachWay : public testing::TestWithParam<Way> {};
TEST_P(EachWay, IsSaid) {
  policy::Case c;
  c.record.name = "pc-1";
  GetParam().turn(c);
  const policy::Snapshot site = c.make();
  const Json it = explained(c.facts, site, c.at);
  EXPECT_EQ(it.at("outcome"), GetParam().outcome) << print_json(it);
  auto all = texts(it);
  for (const std::string& text : all) EXPECT_FALSE(text.empty()) << print_json(it);
  all.push_back(it.at("summary"));
  EXPECT_THAT(all, Contains(HasSubstr(GetParam().says))) << explanation_text(it);
  EXPECT_THAT(it.at("summary"), Not(HasSubstr("«»")));
  EXPECT_THAT(explanation_text(it), HasSubstr(std::string(it.at("summary"))));
}
INSTANTIATE_TEST_SUITE_P(
    Table, EachWay,
    testing::Values(
        Way{"required", [](policy::Case&) {}, "boot",
            "boots image-1, because deployment «d1» is required for collection «c1»"},
        Way{"network", [](policy::Case&) {}, "boot", "it is in network «n1» (10.1.0.0/16)"},
        Way{"no_network", [](policy::Case& c) { c.facts.network = policy::ip("10.9.0.1"); }, "boot",
            "no network is recorded for 10.9.0.1"},
        Way{"ignored",
            [](policy::Case& c) { c.model.ignored_macs = {*policy::MacPrefix::parse("52:54:00")}; }, "silent",
            "52:54:00:00:00:01 is on the ignore list, as 52:54:00"},
        Way{"conflict",
            [](policy::Case& c) {
              c.others = {policy::device(2, {policy::mac_2}, policy::numbered_uuid(2))};
              c.facts.uuid = policy::numbered_uuid(2);
            },
            "abort", "the UUID 00000032-0000-0000-0000-000000000002 is that of device «device-2»"},
        Way{"answers_nobody", [](policy::Case& c) { c.n().answer = policy::AnswerTo::none; }, "silent",
            "gets no answer, because nobody is answered here"},
        Way{"answers_known",
            [](policy::Case& c) {
              c.become_stranger();
              c.model.policy.answer = policy::AnswerTo::known;
            },
            "silent", "only known machines are answered here, and it is not known"},
        Way{"delayed",
            [](policy::Case& c) {
              c.become_stranger();
              c.model.policy.delay_seconds = 4;
            },
            "silent", "strangers are answered after 4 seconds here, and it has been asking for 0"},
        Way{"rejected", [](policy::Case& c) { c.record.state = policy::DeviceState::rejected; }, "abort",
            "device «pc-1» is rejected"},
        Way{"pending",
            [](policy::Case& c) {
              c.record.state = policy::DeviceState::pending;
              c.record.request = 7;
            },
            "ask-approval", "waits for an administrator's approval, request 7"},
        Way{"added",
            [](policy::Case& c) {
              c.become_stranger();
              c.model.policy.add_unknown = true;
            },
            "ask-approval", "is recorded and waits"},
        Way{"not_added", [](policy::Case& c) { c.become_stranger(); }, "silent",
            "strangers are not recorded here"},
        Way{"referred",
            [](policy::Case& c) {
              c.model.servers = {{1, "two", policy::ipv4("10.0.0.2"), {{policy::Arch::x64, "boot.efi"}}}};
              c.model.referrals = {{1, "away", {{1, 1}}}};
              c.extras.referral = 1;
            },
            "refer", "is sent to server «two» by referral «away»"},
        Way{"referred_nowhere",
            [](policy::Case& c) {
              c.model.referrals = {{1, "away", {}}};
              c.extras.referral = 1;
            },
            "silent", "referral «away» has no server that is alive"},
        Way{"disabled", [](policy::Case& c) { c.d().enabled = false; }, "abort",
            "goes on to its disk, because deployment «d1» is switched off"},
        Way{"not_yet", [](policy::Case& c) { c.d().from = policy::now + 1; }, "abort",
            "deployment «d1» begins at 2023-11-14T22:13:21Z"},
        Way{"over", [](policy::Case& c) { c.d().until = policy::now; }, "abort",
            "deployment «d1» ended at 2023-11-14T22:13:20Z"},
        Way{"maintenance",
            [](policy::Case& c) {
              c.n().maintenance = {{100, 10}};
            },
            "abort", "it is none of the maintenance windows of network «n1»"},
        Way{"done",
            [](policy::Case& c) {
              c.extras.runs = {{1, policy::RunEnd::done}};
            },
            "abort", "deployment «d1» is done on pc-1"},
        Way{"held",
            [](policy::Case& c) {
              c.extras.runs = {{1, policy::RunEnd::held}};
            },
            "abort", "failed or fell silent too often on pc-1"},
        Way{"condition",
            [](policy::Case& c) {
              c.d().target = policy::ToAll{};
              c.d().condition = policy::rule("arch arm64");
            },
            "abort", "its condition does not hold for pc-1: arch arm64"},
        Way{"image_gone", [](policy::Case& c) { c.d().what = policy::ToBoot{99}; }, "abort",
            "deployment «d1» needs an image or a task sequence that is not there"},
        Way{"image_draft", [](policy::Case& c) { c.i().state = policy::ImageState::draft; }, "abort",
            "deployment «d1» boots «image-1», which is a draft"},
        Way{"image_withdrawn", [](policy::Case& c) { c.i().state = policy::ImageState::withdrawn; }, "abort",
            "deployment «d1» boots «image-1», which was withdrawn"},
        Way{"image_not_here", [](policy::Case& c) { c.model.broken_images = {1}; }, "abort",
            "deployment «d1» boots «image-1», whose files are not all on this server"},
        Way{"own_image_withdrawn",
            [](policy::Case& c) {
              c.model.deployments.clear();
              c.extras.image = 1;
              c.i().state = policy::ImageState::withdrawn;
            },
            "abort", "pc-1 is given image «image-1» by its record, which was withdrawn"},
        Way{"image_of_another_arch", [](policy::Case& c) { c.d().what = policy::ToBoot{3}; }, "abort",
            "deployment «d1» boots «image-3», which is built for arm64, and pc-1 has x64"},
        Way{"own_image", [](policy::Case& c) { c.extras.image = 2; }, "boot",
            "pc-1 is given image «image-2» by its record"},
        Way{"own_image_gone",
            [](policy::Case& c) {
              c.model.deployments.clear();
              c.extras.image = 77;
            },
            "abort", "the image that pc-1 is given by its record is not there"},
        Way{"own_image_alone",
            [](policy::Case& c) {
              c.model.deployments.clear();
              c.extras.image = 2;
            },
            "boot", "boots image-2 when a key is pressed, because its record says so"},
        Way{"own_program", [](policy::Case& c) { c.extras.program = "grub"; }, "boot",
            "but it gets no boot program: program-gone"},
        Way{"asks", [](policy::Case& c) { c.d().asks = true; }, "boot",
            "boots image-1 when a key is pressed"},
        Way{"to_device", [](policy::Case& c) { c.d().target = policy::ToDevice{1}; }, "boot",
            "is required for device «pc-1»"},
        Way{"to_all", [](policy::Case& c) { c.d().target = policy::ToAll{}; }, "boot",
            "is required for all machines"},
        Way{"banned_uuid", [](policy::Case& c) { c.model.banned_uuids = {policy::numbered_uuid(1)}; }, "boot",
            "is one that many boards share"},
        Way{"wandering",
            [](policy::Case& c) { c.model.wandering_macs = {*policy::MacPrefix::parse("52:54:00")}; }, "boot",
            "belongs to a dock or an adapter"},
        Way{"firmware_unknown", [](policy::Case& c) { c.facts.firmware_known = false; }, "boot",
            "its boot program depends on its firmware"},
        Way{"no_program",
            [](policy::Case& c) {
              c.facts.arch = policy::Arch::arm64;
              c.d().what = policy::ToBoot{3};
            },
            "boot", "but it gets no boot program: no-program-for-arch"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ExplanationText, IsAligned) {
  policy::SiteModel model = five_offers();
  model.deployments.resize(1);
  const Json it = explained(the_facts(), policy::site(model, {the_record()}));
  EXPECT_EQ(
      explanation_text(it),
      R"(pc-7 boots RR200004 for task sequence «RR200012» when a key is pressed, because deployment «RR22000D» is available to collection «lab»

  mac           00:15:5d:3c:d0:4c
  uuid          32e5b71a-b626-4a4b-902e-7f94ad38b5b3
  arch          bios
  firmware      bios
  client        bios-rom
  boot program  bios/pxelinux.0

  -    ignore-list      00:15:5d:3c:d0:4c is not on the ignore list
  yes  identity         00:15:5d:3c:d0:4c and the UUID are those of device «pc-7»
  -    network          its network is not known: the site's settings hold
  yes  answer-policy    the answer policy lets it pass
  -    delay            no delay holds for it
  yes  state            device «pc-7» is approved
  -    referral         nothing refers it to another server
  yes  deployment       deployment «RR22000D», available to collection «lab», is chosen
  yes  program          its boot program is bios/pxelinux.0
)");
}
TEST(ExplanationText, OfSomethingElse) {
  for (const char* other : {"null", "[]", "5", R"({"considered": [5, {}], "machine": [], "left_out": "x"})"})
    EXPECT_FALSE(explanation_text(Json::parse(other)).empty());
}

policy::Facts asked(const char* json) { return question_from_json(Json::parse(json)).value().facts; }

TEST(Question, WhatIsNotSaidIsNotKnown) {
  const auto facts = asked(R"({"mac": "52:54:00:00:00:01"})");
  EXPECT_FALSE(facts.firmware_known);
  EXPECT_FALSE(facts.uuid);
  EXPECT_TRUE(facts.network.is_zero());
}
TEST(Question, FirmwareArchitectureAndClient) {
  using policy::Arch;
  using policy::ClientKind;
  struct Row {
    const char* said;
    ClientKind kind;
    Arch arch;
    std::optional<Arch> processor;
  };
  for (const auto& [said, kind, arch, processor] : {
           Row{R"("firmware": "bios")", ClientKind::bios_rom, Arch::bios, {}},
           Row{R"("firmware": "bios", "arch": "x64")", ClientKind::bios_rom, Arch::bios, Arch::x64},
           Row{R"("client": "bios-rom", "arch": "i386")", ClientKind::bios_rom, Arch::bios, Arch::ia32},
           Row{R"("firmware": "uefi")", ClientKind::uefi_pxe, Arch::x64, {}},
           Row{R"("arch": "arm64")", ClientKind::uefi_pxe, Arch::arm64, {}},
           Row{R"("arch": "bios")", ClientKind::bios_rom, Arch::bios, {}},
           Row{R"("client": "ipxe", "firmware": "bios")", ClientKind::ipxe, Arch::bios, {}},
           Row{R"("client": "ipxe")", ClientKind::ipxe, Arch::x64, {}},
           Row{R"("client": "uefi-http", "arch": "x64")", ClientKind::uefi_http, Arch::x64, {}},
           Row{R"("firmware": "u-boot")", ClientKind::uboot, Arch::arm64, {}},
           Row{R"("firmware": "raspberry-pi")", ClientKind::raspberry_pi, Arch::arm64, {}},
       }) {
    const auto facts = asked(fmt::format(R"({{"mac": "52:54:00:00:00:01", {}}})", said).c_str());
    EXPECT_TRUE(facts.firmware_known) << said;
    EXPECT_EQ(facts.kind, kind) << said;
    EXPECT_EQ(facts.arch, arch) << said;
    EXPECT_EQ(facts.processor, processor) << said;
  }
}
TEST(Question, AllOfIt) {
  const auto question = question_from_json(Json::parse(
      R"({"uuid": "32E5B71A-B626-4A4B-902E-7F94AD38B5B3", "relay": "10.1.0.1", "vendor_class": "PXEClient",
          "circuit_id": "Gi1/0/1", "seconds_asking": 5, "at": "2026-11-21T22:00:00Z"})"));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->facts.network, policy::ip("10.1.0.1")) << "a relay is in the machine's subnet";
  EXPECT_EQ(question->facts.circuit_id.view(), "Gi1/0/1");
  EXPECT_EQ(question->facts.seconds_asking, 5);
  EXPECT_EQ(question->at, 1'795'298'400);
}
TEST(Question, Faults) {
  struct Row {
    const char *json, *field;
  };
  for (const auto& [json, field] : {
           Row{"[]", ""},
           Row{"{}", "/mac"},
           Row{R"({"mac": "x"})", "/mac"},
           Row{R"({"mac": 5})", "/mac"},
           Row{R"({"uuid": "x"})", "/uuid"},
           Row{R"({"mac": "52:54:00:00:00:01", "arch": "z80"})", "/arch"},
           Row{R"({"mac": "52:54:00:00:00:01", "client": "windows"})", "/client"},
           Row{R"({"mac": "52:54:00:00:00:01", "firmware": "bios", "arch": "arm64"})", "/arch"},
           Row{R"({"mac": "52:54:00:00:00:01", "firmware": "uefi", "arch": "bios"})", "/firmware"},
           Row{R"({"mac": "52:54:00:00:00:01", "relay": "fe80::1"})", "/relay"},
           Row{R"({"mac": "52:54:00:00:00:01", "at": "now"})", "/at"},
           Row{R"({"mac": "52:54:00:00:00:01", "mca": 1})", "/mca"},
       }) {
    const auto question = question_from_json(Json::parse(json));
    ASSERT_FALSE(question) << json;
    EXPECT_EQ(question.error().field, field) << question.error().what;
  }
}

TEST(Compare, SaysWhoWouldBootDifferently) {
  policy::Case c;
  c.record.name = "pc-1";
  policy::Device other = policy::device(2, {policy::mac_2});
  other.name = "pc-2";
  c.others = {other};
  const policy::Snapshot now = c.make();
  policy::Case changed = c;
  changed.d().enabled = false;
  policy::Device added = policy::device(3, {policy::mac_3});
  added.name = "a-new-one";
  changed.others.push_back(added);
  const Comparison comparison = compare(now, changed.make(), c.at);
  EXPECT_EQ(comparison.compared, 3U);
  EXPECT_THAT(
      comparison.machines,
      ElementsAre(Comparison::Machine{"a-new-one", "not answered: no-deployment", "aborted: nothing-to-do"},
                  Comparison::Machine{"pc-1", "boots image-1", "aborted: nothing-to-do"}));
  EXPECT_THAT(compare(now, now, c.at).machines, IsEmpty());
  EXPECT_EQ(to_json(comparison).at("machines")[1],
            Json::parse(R"({"device": "pc-1", "now": "boots image-1", "then": "aborted: nothing-to-do"})"));
}
TEST(Compare, TellsAtMostAThousand) {
  policy::SiteModel model = policy::Case().model;
  model.deployments[0].target = policy::ToAll{};
  std::vector<policy::Device> devices;
  for (std::int64_t i = 1; i <= 1500; ++i) {
    devices.push_back(policy::device(i, {policy::numbered_mac(static_cast<std::uint64_t>(i))}));
    devices.back().name = fmt::format("pc-{:04}", i);
  }
  const auto now = policy::site(model, devices);
  model.deployments.clear();
  const Comparison comparison = compare(now, policy::site(model, devices), {policy::now, 0});
  ASSERT_EQ(comparison.machines.size(), 1000U);
  EXPECT_EQ(comparison.machines.front().device, "pc-0001");
  EXPECT_EQ(comparison.machines.back().device, "pc-1000");
  EXPECT_EQ(comparison.more, 500U);
  EXPECT_EQ(comparison.compared, 1500U);
}

}  // namespace
}  // namespace api
