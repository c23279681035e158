// SPDX-License-Identifier: GPL-3.0-or-later
// The menu of a bare ROM: who gets one, what is in it, and what becomes of a choice.
#include "policy/rom_menu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "case.h"
#include "words.h"

namespace policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Three to choose from on a machine whose architecture has no loader of ours: the first names its
// program, the second has none, the third's is for another architecture.
Case arm64() {
  Case c;
  c.facts.arch = Arch::arm64;
  for (std::int64_t id = 1; id <= 3; ++id) {
    if (id > 1) c.model.deployments.push_back(deployment(id, ToCollection{1}));
    Deployment& d = c.model.deployments.back();
    d.purpose = Purpose::available;
    d.order = static_cast<std::int32_t>(id);
    d.what = ToBoot{3};
  }
  c.model.deployments[0].program = "tool.efi";
  c.model.deployments[2].program = "foreign.efi";
  c.model.programs = {{1, "tool.efi", Arch::arm64, {}, false, "programs/tool.efi"},
                      {2, "foreign.efi", Arch::x64, {}, false, "programs/foreign.efi"}};
  return c;
}

void add_default(Case& c, std::vector<Role> roles) {
  c.model.programs.push_back({3, "boots", Arch::arm64, std::move(roles), false, "programs/boots.efi"});
}

std::vector<std::string> titles(const RomMenu& menu) {
  std::vector<std::string> out;
  for (const RomMenu::Entry& entry : menu.list()) out.emplace_back(entry.title);
  return out;
}

TEST(RomMenu, IsForFirmwareThatShowsOneAndHasNoLoaderThatAsks) {
  const struct {
    const char* name;
    std::function<void(Case&)> change;
    const char* want;
    std::vector<std::string> entries;
  } rows[] = {
      {"with a program by name", [](Case&) {}, "menu", {"d1"}},
      {"a default boots the others", [](Case& c) { add_default(c, {Role::boot}); }, "menu", {"d1", "d2"}},
      {"a loader that asks comes first",
       [](Case& c) {
         add_default(c, {Role::boot, Role::prompt});
       },
       "programs/tool.efi",  // as the first deployment names it
       {"d1", "d2"}},
      {"one that asks is a menu, too", [](Case& c) { c.model.deployments.resize(1); }, "menu", {"d1"}},
      {"one that asks nothing is none",
       [](Case& c) {
         c.model.deployments.resize(1);
         c.d().purpose = Purpose::required;
       },
       "programs/tool.efi",
       {}},
      {"nothing that boots", [](Case& c) { c.model.programs.clear(); }, "!program-gone", {}},
      {"iPXE shows none", [](Case& c) { c.facts.kind = ClientKind::ipxe; }, "!http-needed", {}},
      {"HTTP Boot shows none", [](Case& c) { c.facts.kind = ClientKind::uefi_http; }, "!program-gone", {}},
      {"U-Boot shows none", [](Case& c) { c.facts.kind = ClientKind::uboot; }, "!program-gone", {}},
      {"the device's own program comes before the deployments'",
       [](Case& c) { c.extras.program = "tool.efi"; },
       "menu",
       {"d1", "d2", "d3"}},
      {"our loader cannot be given",
       [](Case& c) {
         c.facts.arch = Arch::x64;
         for (Deployment& d : c.model.deployments) d.what = ToBoot{1};
         c.model.settings.http = false;
       },
       "menu",
       {"d3"}},
      {"our loader can",
       [](Case& c) {
         c.facts.arch = Arch::x64;
         c.model.deployments.erase(c.model.deployments.begin(), c.model.deployments.begin() + 2);
         c.d().program.clear();
         c.d().what = ToBoot{1};
       },
       "x64/snponly.efi",
       {}},
  };
  for (const auto& row : rows) {
    Case c = arm64();
    if (std::string_view(row.want).starts_with("!http")) c.model.settings.http = false;
    row.change(c);
    if (std::string_view(row.want) == "!program-gone") {
      for (Deployment& d : c.model.deployments) d.program = "nowhere";
    }
    const Snapshot s = c.make();
    const Answer got = answer(c.facts, s, c.at);
    EXPECT_EQ(in_words(got.step), row.want) << row.name;
    EXPECT_EQ(titles(rom_menu(c.facts, got.plan, s)), row.entries) << row.name;
  }
}

TEST(RomMenu, AChoiceBootsThatEntryWithoutAnotherQuestion) {
  Case c = arm64();
  add_default(c, {Role::boot});
  const struct {
    std::optional<std::uint16_t> item;
    const char* plan;
    const char* step;
  } rows[] = {
      {rom_menu_item(1), "boot image=3 by=1 prompt=none program=tool.efi", "programs/tool.efi"},
      {rom_menu_item(2), "boot image=3 by=2 prompt=none", "programs/boots.efi"},
      {rom_menu_item(9), "menu [image=3 by=1] [image=3 by=2] [image=3 by=3] program=tool.efi", "menu"},
      {0, "menu [image=3 by=1] [image=3 by=2] [image=3 by=3] program=tool.efi", "menu"},
  };
  for (const auto& row : rows) {
    c.facts.chosen_item = row.item;
    const Snapshot s = c.make();
    const Answer got = answer(c.facts, s, c.at);
    EXPECT_EQ(in_words(got.plan), row.plan);
    EXPECT_EQ(in_words(got.step), row.step);
  }
  // Nobody chooses what is not offered: the state and the rules come first.
  c.facts.chosen_item = rom_menu_item(1);
  c.record.state = DeviceState::rejected;
  EXPECT_EQ(in_words(decide(c.facts, c.make(), c.at)), "abort rejected");
}

TEST(RomMenu, SilenceIsTheDiskUnlessThePolicySaysOtherwise) {
  Case c = arm64();
  for (const Prompting prompt : {Prompting::opt_in, Prompting::none, Prompting::opt_out}) {
    c.model.policy.prompt_known = prompt;
    const Snapshot s = c.make();
    EXPECT_EQ(rom_menu(c.facts, decide(c.facts, s, c.at), s).silence_boots, prompt == Prompting::opt_out)
        << print(prompt);
  }
}

TEST(RomMenu, ItemsAreOfTheMakersOwnRangeAndStayTheSame) {
  EXPECT_EQ(rom_menu_item(1), 32769);
  EXPECT_EQ(rom_menu_item(32766), 65534);
  EXPECT_EQ(rom_menu_item(32767), 32768);
  Case c = arm64();  // two of the same number: the first counts
  c.model.deployments[1].id = 1 + 32767;
  c.model.deployments[1].program = "tool.efi";
  const Snapshot s = c.make();
  const Answer got = answer(c.facts, s, c.at);
  EXPECT_THAT(titles(rom_menu(c.facts, got.plan, s)), ElementsAre("d1"));
  c.facts.firmware_known = false;
  EXPECT_THAT(titles(rom_menu(c.facts, got.plan, s)), IsEmpty()) << "nothing is known of who would show it";
}

}  // namespace
}  // namespace policy
