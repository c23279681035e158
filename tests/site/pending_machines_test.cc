// SPDX-License-Identifier: GPL-3.0-or-later
// Strangers become pending devices: through a real registrar and a real store.
#include "site/pending_machines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "../content/scratch.h"
#include "boot_site.h"
#include "policy/decide.h"
#include "site/records.h"

namespace site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::Time start{std::chrono::hours(24)};
const policy::PendingTerms terms;

policy::Facts stranger(std::uint8_t number, std::optional<base::Uuid> uuid = std::nullopt) {
  policy::Facts facts = boot_test::machine({{0x52, 0x54, 0, 0, 0, number}});
  facts.uuid = uuid;
  facts.network = base::Ipv4{{198, 51, 100, 2}};
  static_cast<void>(facts.vendor_class.assign("PXEClient:Arch:00007"));
  return facts;
}
base::Uuid numbered(std::uint8_t n) { return {{n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}; }

class PendingMachinesTest : public testing::Test {
 protected:
  PendingMachinesTest() { open(); }
  void open() {
    registrar.reset();
    administration.reset();
    administration = std::move(*Administration::open(scratch.path("state"), {}));
    registrar = std::make_unique<Registrar>(*administration);
  }
  void change_settings(const std::function<void(store::SiteSettings&)>& change) {
    store::SiteSettings settings;
    settings.policy.add_unknown = true;
    change(settings);
    ASSERT_TRUE(administration->apply({"a test", "", {store::SetSettings{settings, {}}}}));
  }
  // It asks as its plan has it; true: it may wait.
  bool ask(const policy::Facts& facts) {
    const auto site = administration->site();
    const policy::Plan plan = policy::decide(facts, site->policy, {});
    const auto* const approval = std::get_if<policy::AskApproval>(&plan.outcome);
    EXPECT_NE(approval, nullptr) << facts.mac.print();
    return approval != nullptr && pending->may_wait(facts, *approval, terms, false, start);
  }
  std::vector<std::string> devices() {
    registrar->wait_until_idle();
    std::vector<std::string> out;
    for (const PendingMachine& machine : pending->list(administration->site()->policy, start)) {
      std::string line = fmt::format("{} {}", machine.request, machine.device);
      for (const base::Mac& mac : machine.macs) line += " " + mac.print();
      if (machine.uuid) line += " " + machine.uuid->print();
      if (machine.seen) {
        const policy::Facts& facts = machine.seen->facts;
        line += fmt::format(" ({}, {}, {})", policy::print(facts.arch), facts.network.print(),
                            facts.vendor_class.view());
      }
      out.push_back(line);
    }
    return out;
  }
  std::string counts() const {
    const auto c = pending->counts();
    return fmt::format("recorded {} full {} busy {} failed {}", c.recorded, c.full, c.busy, c.failed);
  }
  void put(policy::Device device) {
    store::Put step;
    step.record = std::move(device);
    const auto applied = administration->apply({"a test", "", {std::move(step)}});
    ASSERT_TRUE(applied) << applied.error().what;
  }

  boot_test::LogLines log;
  Scratch scratch;
  std::unique_ptr<Administration> administration;
  std::unique_ptr<PendingMachines> pending = std::make_unique<PendingMachines>(
      [this](Registrar::Work work) { return registrar->post(std::move(work)); });
  std::unique_ptr<Registrar> registrar;
};

TEST_F(PendingMachinesTest, AStrangerIsRecordedOnceAndShownWithWhatWasSeen) {
  change_settings([](auto&) {});
  const policy::Facts facts = stranger(1, numbered(1));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(facts));
  EXPECT_THAT(devices(), ElementsAre("1 pending-1 52:54:00:00:00:01 " + numbered(1).print() +
                                     " (x64, 198.51.100.2, PXEClient:Arch:00007)"));
  EXPECT_TRUE(ask(facts)) << "now as a device";
  EXPECT_TRUE(ask(stranger(2)));
  EXPECT_THAT(devices(), SizeIs(2));
  EXPECT_EQ(counts(), "recorded 2 full 0 busy 0 failed 0");
  const auto events =
      administration->look([](SiteRecords& records) { return records.store().events(0, 100).value(); });
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[1].who, "the boot server");
  EXPECT_EQ(events[1].verb, "auto-added");
  EXPECT_EQ(events[1].name, "pending-1");
  EXPECT_THAT(
      log.take(),
      testing::Contains(HasSubstr("52:54:00:00:00:01 waits for an approval: request 1, device pending-1")));
}

TEST_F(PendingMachinesTest, ARestartKeepsTheRequestAndNoNumberComesTwice) {
  change_settings([](auto&) {});
  ask(stranger(1));
  ask(stranger(2));
  EXPECT_THAT(devices(), SizeIs(2));
  open();
  EXPECT_THAT(devices(), SizeIs(2));
  const policy::Device second = *administration->site()->policy.device(stranger(2).mac);
  ASSERT_TRUE(administration->apply({"a test", "", {store::Remove{store::Kind::device, second.id, {}}}}));
  ask(stranger(3));
  EXPECT_THAT(devices(), ElementsAre(testing::StartsWith("1 pending-1"), testing::StartsWith("3 pending-3")));
}

TEST_F(PendingMachinesTest, WhatNamesNoMachineIsNotRecorded) {
  change_settings([](store::SiteSettings& settings) {
    settings.banned_uuids = {numbered(7)};
    settings.wandering_macs = {policy::MacPrefix::parse("52:54:00:00:00:05").value()};
  });
  ask(stranger(1, numbered(7)));  // a UUID of a whole series
  ask(stranger(5, numbered(5)));  // on a lent adapter
  registrar->wait_until_idle();
  ask(stranger(5));  // the adapter is all there is to go by
  EXPECT_THAT(devices(),
              ElementsAre(HasSubstr("pending-1 52:54:00:00:00:01 ("), "2 pending-2 " + numbered(5).print(),
                          HasSubstr("pending-3 52:54:00:00:00:05 (")));
}

TEST_F(PendingMachinesTest, ANameOrAUuidThatIsTakenDoesNotStopIt) {
  change_settings([](auto&) {});
  policy::Device other;
  other.name = "Pending-1";
  other.macs = {stranger(9).mac};
  put(other);
  ask(stranger(1));
  EXPECT_THAT(devices(), ElementsAre(HasSubstr("1 52-54-00-00-00-01 52:54:00:00:00:01")));
  // Two machines with one UUID, both on their way before either is recorded.
  ask(stranger(2, numbered(2)));
  ask(stranger(3, numbered(2)));
  EXPECT_LE(devices().size(), 3U);
  EXPECT_EQ(pending->counts().failed, 0U);
}

TEST_F(PendingMachinesTest, SomebodyWhoMakesUpAddressesFillsABoundedList) {
  change_settings([](auto&) {});
  store::Batch many{"a test", "", {}};
  for (std::uint32_t i = 0; i + 1 < PendingMachines::most_devices; ++i) {
    policy::Device device;
    device.name = fmt::format("p{}", i);
    device.macs = {{{2, 0, 0, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}}};
    device.state = policy::DeviceState::pending;
    device.request = 100'000 + i;
    many.steps.push_back(store::Put{device, {}});
  }
  ASSERT_TRUE(administration->apply(many));
  for (std::uint8_t i = 1; i <= 3; ++i) {
    EXPECT_TRUE(ask(stranger(i))) << "it waits all the same";
    registrar->wait_until_idle();
  }
  EXPECT_EQ(counts(), "recorded 1 full 2 busy 0 failed 0");
  EXPECT_THAT(devices(), SizeIs(PendingMachines::most_devices));
  EXPECT_THAT(log.take(),
              testing::Contains(HasSubstr("is not listed: 1000 machines wait for an approval already")));
  // One is dealt with: there is room again.
  policy::Device device = *administration->site()->policy.device(stranger(1).mac);
  device.state = policy::DeviceState::approved;
  device.request = 0;
  put(device);
  ask(stranger(2));
  EXPECT_THAT(devices(), SizeIs(PendingMachines::most_devices));
  EXPECT_EQ(pending->counts().recorded, 2U);
}

TEST_F(PendingMachinesTest, ACrowdIsPutOffNotForgotten) {
  change_settings([](auto&) {});
  std::vector<Registrar::Work> kept;
  bool takes = true;
  pending = std::make_unique<PendingMachines>([&](Registrar::Work work) {
    if (takes) kept.push_back(std::move(work));
    return takes;
  });
  for (std::size_t i = 0; i < PendingMachines::most_under_way + 10; ++i) {
    policy::Facts facts = stranger(1);
    facts.mac = {{2, 0, 0, 2, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
    EXPECT_TRUE(ask(facts));
  }
  EXPECT_THAT(kept, SizeIs(PendingMachines::most_under_way));
  EXPECT_EQ(pending->counts().busy, 10U);
  kept.front()(*administration);
  takes = false;
  EXPECT_TRUE(ask(stranger(8)));
  EXPECT_EQ(pending->counts().busy, 11U) << "the registrar has no room";
  takes = true;
  EXPECT_TRUE(ask(stranger(8)));
  EXPECT_THAT(kept, SizeIs(PendingMachines::most_under_way + 1));
}

TEST_F(PendingMachinesTest, WhatHasChangedMeanwhileCounts) {
  change_settings([](auto&) {});
  std::vector<Registrar::Work> kept;
  pending = std::make_unique<PendingMachines>([&](Registrar::Work work) {
    kept.push_back(std::move(work));
    return true;
  });
  ask(stranger(1));
  ask(stranger(2));
  policy::Device known;
  known.name = "pc-1";
  known.macs = {stranger(1).mac};
  put(known);
  kept[0](*administration);
  EXPECT_THAT(devices(), IsEmpty()) << "an administrator was quicker";
  change_settings([](store::SiteSettings& settings) { settings.policy.add_unknown = false; });
  kept[1](*administration);
  EXPECT_THAT(devices(), IsEmpty()) << "strangers are no longer added";
}

}  // namespace
}  // namespace site
