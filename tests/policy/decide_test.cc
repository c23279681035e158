// SPDX-License-Identifier: GPL-3.0-or-later
// What the table of combinations does not reach: time, marks, networks, architectures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "case.h"
#include "words.h"

namespace policy {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(Decide, WindowsOfTime) {
  struct Time {
    const char* name;
    std::int64_t at;
    bool offered;
  };
  for (const Purpose purpose : {Purpose::available, Purpose::required}) {
    Case c;
    c.d().purpose = purpose;
    c.d().from = now;
    c.d().until = now + 10;
    const Snapshot s = c.make();
    for (const Time& time : {Time{"before", now - 1, false}, Time{"from", now, true},
                             Time{"last", now + 9, true}, Time{"until", now + 10, false}})
      EXPECT_EQ(decide(c.facts, s, {time.at, 0}).boot() != nullptr, time.offered) << time.name;
  }
}

TEST(Decide, MaintenanceIsForWhatIsRequiredInThatNetwork) {
  Case c;
  c.n().maintenance = {{6 * 24 * 60 + 23 * 60, 120}, {600, 60}};
  c.model.networks.push_back(network(2, "10.2.0.0/16"));
  const auto boots = [&](std::uint16_t minute) {
    return decide(c.facts, c.make(), {now, minute}).boot() != nullptr;
  };
  EXPECT_TRUE(boots(6 * 24 * 60 + 23 * 60));
  EXPECT_TRUE(boots(59)) << "over the end of Sunday";
  EXPECT_FALSE(boots(60));
  EXPECT_TRUE(boots(630));
  EXPECT_FALSE(boots(660));
  c.d().purpose = Purpose::available;
  EXPECT_TRUE(boots(60)) << "somebody stands at the machine";
  c.d().purpose = Purpose::required;
  c.facts.network = ip("10.2.0.1");
  EXPECT_TRUE(boots(60)) << "another network's window";
}

TEST(Decide, RunMarksAreOfWhatIsRequiredAndOfEachAlone) {
  Case c;
  c.model.deployments = {deployment(1, ToAll{}), deployment(2, ToCollection{1}, Purpose::required),
                         deployment(3, ToDevice{1}, Purpose::required, 2)};
  const auto words = [&] {
    const Snapshot s = c.make();
    return in_words(decide(c.facts, s, c.at));
  };
  EXPECT_EQ(words(), "boot image=2 by=3 prompt=none");
  c.extras.runs = {{3, RunEnd::done}};
  EXPECT_EQ(words(), "boot image=1 by=2 prompt=none");
  c.extras.runs = {{2, RunEnd::held}, {3, RunEnd::done}};
  EXPECT_EQ(words(), "boot image=1 by=1 prompt=opt-in");
  c.extras.runs = {{1, RunEnd::done}, {2, RunEnd::held}, {3, RunEnd::done}};
  EXPECT_EQ(words(), "boot image=1 by=1 prompt=opt-in") << "what is available stays on offer";
}

TEST(Decide, AMenuHoldsSixteenAndTheTrailSaysWhoWasLeftOut) {
  Case c;
  c.model.deployments.clear();
  for (std::int64_t id = 1; id <= 60; ++id) {
    Deployment one = deployment(id, ToAll{});
    one.order = static_cast<std::int32_t>(id % 5);
    one.created = id / 10;
    c.model.deployments.push_back(one);
  }
  const Snapshot s = c.make();
  const Plan plan = decide(c.facts, s, c.at);
  ASSERT_NE(plan.menu(), nullptr);
  ASSERT_EQ(plan.menu()->size, Menu::capacity);
  std::vector<std::int64_t> ids;
  for (const Choice& choice : plan.menu()->entries()) ids.push_back(choice.deployment->id);
  // Order 0, newest first; of one age the highest id; then order 1.
  EXPECT_THAT(ids, ElementsAre(60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 56, 51, 46, 41));
  std::size_t offered = 0;
  for (const Considered& entry : plan.trail.entries()) offered += entry.detail == Detail::offered ? 1 : 0;
  EXPECT_EQ(offered, Menu::capacity) << "whatever else there was to say";
  EXPECT_THAT(trail_of(plan), Contains(testing::StartsWith("deployment did-not-apply comes-later")));
  EXPECT_EQ(plan.trail.entries().size() + plan.trail.left_out(), 7 + 60U);
}

TEST(Decide, ATrailFullOfOthersStillNamesWhatWasChosen) {
  Case c;
  for (std::int64_t id = 100; id < 200; ++id) c.model.deployments.push_back(deployment(id, ToUnknown{}));
  c.extras.image = 2;
  c.extras.program = "p";
  const Snapshot s = c.make();
  const Plan plan = decide(c.facts, s, c.at);
  EXPECT_THAT(trail_of(plan), Contains("deployment applied chosen 1"));
  EXPECT_THAT(trail_of(plan), Contains("image-override applied 2"));
  EXPECT_THAT(trail_of(plan), Contains("program-override applied 1"));
  EXPECT_GT(plan.trail.left_out(), 80U);
}

TEST(Decide, DelayIsForStrangersWhoseFirmwareWaits) {
  struct Asker {
    ClientKind kind;
    bool waits;
  };
  for (const Asker& asker : {Asker{ClientKind::uefi_pxe, true}, Asker{ClientKind::uefi_http, true},
                             Asker{ClientKind::bios_rom, false}, Asker{ClientKind::ipxe, false},
                             Asker{ClientKind::uboot, false}, Asker{ClientKind::raspberry_pi, false}}) {
    Case c;
    c.model.policy.delay_seconds = 8;
    c.model.deployments = {deployment(1, ToAll{})};
    const Snapshot s = c.make();
    c.facts.kind = asker.kind;
    EXPECT_NE(decide(c.facts, s, c.at).boot(), nullptr) << print(asker.kind) << ": a known machine";
    c.become_stranger();
    EXPECT_EQ(decide(c.facts, s, c.at).reason().has_value(), asker.waits) << print(asker.kind);
    c.facts.seconds_asking = 7;
    EXPECT_EQ(decide(c.facts, s, c.at).reason().has_value(), asker.waits) << print(asker.kind);
    c.facts.seconds_asking = 8;
    EXPECT_NE(decide(c.facts, s, c.at).boot(), nullptr) << print(asker.kind) << ": it waited";
    c.facts.seconds_asking = 0;
    c.facts.firmware_known = false;
    EXPECT_NE(decide(c.facts, s, c.at).boot(), nullptr)
        << "a name alone: whoever reads a menu is past waiting";
  }
}

TEST(Decide, ANetworkSaysOtherwise) {
  Case c;
  c.model.policy.answer = AnswerTo::none;
  c.model.policy.prompt_known = c.model.policy.prompt_unknown = Prompting::none;
  c.model.policy.delay_seconds = 9;
  c.n().answer = AnswerTo::all;
  c.n().prompt_known = Prompting::opt_out;
  c.n().prompt_unknown = Prompting::opt_in;
  c.n().delay_seconds = 0;
  c.model.deployments = {deployment(1, ToCollection{1}), deployment(2, ToUnknown{})};
  const Snapshot s = c.make();
  EXPECT_EQ(in_words(decide(c.facts, s, c.at)), "boot image=1 by=1 prompt=opt-out");
  c.become_stranger();
  EXPECT_EQ(in_words(decide(c.facts, s, c.at)), "boot image=1 by=2 prompt=opt-in");
  c.facts.network = ip("10.9.0.1");
  EXPECT_EQ(in_words(decide(c.facts, s, c.at)), "silent answers-nobody");
}

TEST(Decide, ARequiredOneMayAskNevertheless) {
  Case c;
  c.d().asks = true;
  EXPECT_EQ(in_words(decide(c.facts, c.make(), c.at)).substr(0, 4), "boot");
  for (const auto& [site_prompt, want] :
       {std::pair(Prompting::none, Prompting::opt_in), std::pair(Prompting::opt_in, Prompting::opt_in),
        std::pair(Prompting::opt_out, Prompting::opt_out)}) {
    c.model.policy.prompt_known = site_prompt;
    const Snapshot s = c.make();
    EXPECT_EQ(decide(c.facts, s, c.at).boot()->prompt, want) << print(site_prompt);
  }
}

TEST(Decide, ConditionsAreAskedAboutStrangersToo) {
  Case c;
  c.model.deployments = {deployment(1, ToUnknown{}), deployment(2, ToUnknown{}, Purpose::available, 2)};
  c.model.deployments[0].condition = rule("subnet 10.1.0.0/16 and mac 52:54:*");
  c.model.deployments[1].condition = rule("not name device-*");
  c.become_stranger();
  const Snapshot s = c.make();
  EXPECT_EQ(in_words(decide(c.facts, s, c.at)), "boot image=1 by=1 prompt=opt-in")
      << "a stranger has no name to compare";
}

TEST(Decide, ImagesRunOnTheirMachines) {
  struct Pair {
    Arch machine, image;
    bool boots;
    std::optional<Arch> processor = std::nullopt;
  };
  const Pair pairs[] = {
      {Arch::bios, Arch::x64, true},
      {Arch::bios, Arch::ia32, true},
      {Arch::bios, Arch::bios, true},
      {Arch::bios, Arch::arm64, false},
      {Arch::x64, Arch::x64, true},
      {Arch::x64, Arch::ia32, false},
      {Arch::ia32, Arch::x64, false},
      {Arch::ia32, Arch::ia32, true},
      {Arch::arm64, Arch::arm64, true},
      {Arch::arm64, Arch::x64, false},
      {Arch::other, Arch::x64, false},
      {Arch::bios, Arch::x64, true, Arch::x64},
      {Arch::bios, Arch::x64, false, Arch::ia32},
      {Arch::bios, Arch::ia32, true, Arch::ia32},
      {Arch::bios, Arch::ia32, true, Arch::x64},
  };
  for (const Pair& pair : pairs) {
    Case c;
    c.model.images[0].arch = pair.image;
    c.facts.arch = pair.machine;
    c.facts.processor = pair.processor;
    const Snapshot s = c.make();
    const Plan plan = decide(c.facts, s, c.at);
    EXPECT_EQ(plan.boot() != nullptr, pair.boots) << print(pair.machine) << " with " << print(pair.image);
    if (!pair.boots) {
      EXPECT_EQ(plan.reason(), Reason::image_not_for_arch);
    }
    c.facts.firmware_known = false;
    EXPECT_NE(decide(c.facts, s, c.at).boot(), nullptr)
        << "known by its name alone, it has no architecture to compare";
  }
}

TEST(Decide, TaskSequences) {
  Case c;
  c.model.task_sequences = {{40, "wipe", 2, {}}, {41, "without image", 0, {}}};
  c.d().what = ToRun{40};
  const auto words = [&] {
    const Snapshot s = c.make();
    return in_words(decide(c.facts, s, c.at));
  };
  EXPECT_EQ(words(), "boot image=2 by=1 runs=40 prompt=none");
  c.extras.image = 1;
  EXPECT_EQ(words(), "boot image=1 by=1 runs=40 prompt=none") << "the sequence in the device's own image";
  c.d().what = ToRun{41};
  EXPECT_EQ(words(), "boot image=1 by=1 runs=41 prompt=none");
  c.extras.image = 0;
  EXPECT_EQ(words(), "abort deployed-image-gone");
  c.d().what = ToRun{99};
  EXPECT_EQ(words(), "abort deployed-image-gone");
  c.extras.image = 1;
  EXPECT_EQ(words(), "boot image=1 prompt=opt-in")
      << "no image runs a sequence that is gone: the override stands alone";
}

TEST(Decide, CollectionsByRuleAreOfKnownMachines) {
  Case c;
  c.model.collections[0].rule = rule("all");
  c.record.collections.clear();
  const Snapshot s = c.make();
  EXPECT_NE(decide(c.facts, s, c.at).boot(), nullptr);
  c.become_stranger();
  EXPECT_EQ(in_words(decide(c.facts, s, c.at)), "silent no-deployment");
}

}  // namespace
}  // namespace policy
