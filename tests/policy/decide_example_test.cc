// SPDX-License-Identifier: GPL-3.0-or-later
// One machine's deployments as a site with Configuration Manager had them: five task sequences
// on offer, the two classic mistakes, and what each must lead to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sites.h"
#include "words.h"

namespace policy {
namespace {

using testing::Contains;
using testing::Not;

constexpr std::int64_t the_machine = 16777299, lab = 1;
constexpr std::int64_t boot_image = 0x200004;  // RR200004
// "RR220028" is 0x220028 here.
constexpr std::int64_t RR220028 = 0x220028, RR220026 = 0x220026, RR220014 = 0x220014, RR22000E = 0x22000e,
                       RR22000D = 0x22000d;

Facts the_facts() {
  Facts facts = machine(ClientKind::bios_rom, Arch::bios, mac("00:15:5D:3C:D0:4C"));
  facts.uuid = uuid("32E5B71A-B626-4A4B-902E-7F94AD38B5B3");
  return facts;
}

Device the_record() {
  Device record = device(the_machine, {the_facts().mac}, the_facts().uuid);
  record.collections = {lab};
  return record;
}

// Oldest first, as nobody would want them.
SiteModel five_offers() {
  struct Offer {
    std::int64_t id, package, created;
  };
  const Offer offers[] = {
      {RR22000D, 0x200012, 1391009160},  // 2014-01-29 15:26
      {RR22000E, 0x200024, 1392030600},  // 2014-02-10 11:10
      {RR220014, 0x2000d5, 1398338700},  // 2014-04-24 11:25
      {RR220026, 0x200127, 1408525740},  // 2014-08-20 09:09
      {RR220028, 0x2000ce, 1409760900},  // 2014-09-03 16:15
  };
  SiteModel model;
  model.collections = {collection(lab)};
  model.images = {image(boot_image)};
  for (const Offer& offer : offers) {
    model.task_sequences.push_back({offer.package, "package", boot_image, {}});
    Deployment one = deployment(offer.id, ToCollection{lab});
    one.what = ToRun{offer.package};
    one.created = offer.created;
    model.deployments.push_back(one);
  }
  return model;
}

TEST(FiveOffers, AreAMenuNewestFirst) {
  const Snapshot s = site(five_offers(), {the_record()});
  const Plan plan = decide(the_facts(), s, {});
  EXPECT_EQ(plan.identity.by, IdentifiedBy::both);
  ASSERT_NE(plan.menu(), nullptr) << in_words(plan);
  std::vector<std::int64_t> order;
  for (const Choice& choice : plan.menu()->entries()) {
    order.push_back(choice.deployment->id);
    EXPECT_EQ(choice.image->id, boot_image);
    EXPECT_NE(choice.task_sequence, nullptr);
  }
  EXPECT_THAT(order, testing::ElementsAre(RR220028, RR220026, RR220014, RR22000E, RR22000D));
}

TEST(FiveOffers, WithoutMenusTheNewestBootsAlone) {
  SiteModel model = five_offers();
  model.policy.menus = false;
  const Snapshot s = site(model, {the_record()});
  const Plan plan = decide(the_facts(), s, {});
  ASSERT_NE(plan.boot(), nullptr) << in_words(plan);
  EXPECT_EQ(plan.boot()->choice.deployment->id, RR220028);
  EXPECT_EQ(plan.boot()->choice.image->id, boot_image);
  EXPECT_EQ(plan.boot()->choice.task_sequence->id, 0x2000ce);
  EXPECT_THAT(trail_of(plan), Contains(fmt::format("deployment applied chosen {}", RR220028)));
  for (const std::int64_t later : {RR220026, RR220014, RR22000E, RR22000D})
    EXPECT_THAT(trail_of(plan), Contains(fmt::format("deployment did-not-apply comes-later {}", later)));
}

// "no advertisements found": deployed to unknown computers, and the machine is in the database.
TEST(NoOffers, AKnownMachineAndADeploymentForUnknownOnes) {
  SiteModel model = five_offers();
  model.deployments = {deployment(RR220028, ToUnknown{}, Purpose::available, boot_image)};
  const Facts other_card = [] {
    Facts facts = the_facts();
    facts.mac = mac("00:15:5D:00:19:CA");
    return facts;
  }();
  const Snapshot s = site(model, {the_record()});
  for (const Facts& facts : {the_facts(), other_card}) {
    const Plan plan = decide(facts, s, {});
    EXPECT_EQ(in_words(plan), "abort nothing-to-do") << "it goes on to its disk";
    EXPECT_THAT(trail_of(plan),
                Contains(fmt::format("deployment did-not-apply for-unknown-only {}", RR220028)));
    EXPECT_THAT(trail_of(plan), Contains(testing::StartsWith("identity applied by-")));
  }
}

TEST(NoOffers, AnUnknownMachineAndADeploymentForACollection) {
  const Snapshot s = site(five_offers());
  const Plan plan = decide(the_facts(), s, {});
  EXPECT_EQ(in_words(plan), "silent no-deployment");
  EXPECT_THAT(trail_of(plan), Contains("identity applied unknown-machine"));
  EXPECT_THAT(trail_of(plan), Not(Contains(testing::HasSubstr("deployment applied"))));
}

}  // namespace
}  // namespace policy
