// SPDX-License-Identifier: GPL-3.0-or-later
// Each reason and each detail once, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <span>

#include "case.h"
#include "words.h"

namespace policy {
namespace {

using testing::Contains;
using testing::ElementsAre;

struct Row {
  const char* name;
  std::function<void(Case&)> change;
  const char* plan;
  const char* in_trail;
};

void expect_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    Case c;
    row.change(c);
    const Snapshot s = c.make();
    const Plan plan = decide(c.facts, s, c.at);
    EXPECT_EQ(in_words(plan), row.plan) << row.name;
    EXPECT_THAT(trail_of(plan), Contains(row.in_trail)) << row.name;
  }
}

TEST(Decide, TheWholeTrailOfAPlainBoot) {
  const Snapshot s = Case().make();
  EXPECT_THAT(trail_of(decide(Case().facts, s, {now, 0})),
              ElementsAre("ignore-list did-not-apply", "identity applied by-both 1", "network applied 1",
                          "answer-policy applied", "delay did-not-apply", "state applied 1",
                          "referral did-not-apply", "deployment applied chosen 1"));
}

TEST(Decide, EachReason) {
  const Row rows[] = {
      {"ignored",
       [](Case& c) {
         c.model.ignored_macs = {{mac_1.octets, 6}};
       },
       "silent ignored-address", "ignore-list refused"},
      {"ignored comes before all else",
       [](Case& c) {
         c.model.ignored_macs = {MacPrefix::parse("52:54").value()};
         c.record.state = DeviceState::rejected;
       },
       "silent ignored-address", "ignore-list refused"},
      {"two devices",
       [](Case& c) {
         c.others = {device(2, {mac_2}, numbered_uuid(2))};
         c.facts.uuid = numbered_uuid(2);
       },
       "abort identity-conflict", "identity refused by-mac 1"},
      {"two devices, and nobody is answered",
       [](Case& c) {
         c.others = {device(2, {mac_2}, numbered_uuid(2))};
         c.facts.uuid = numbered_uuid(2);
         c.model.policy.answer = AnswerTo::none;
       },
       "silent answers-nobody", "identity refused by-uuid 2"},
      {"nobody", [](Case& c) { c.model.policy.answer = AnswerTo::none; }, "silent answers-nobody",
       "answer-policy refused"},
      {"nobody in this network", [](Case& c) { c.n().answer = AnswerTo::none; }, "silent answers-nobody",
       "answer-policy refused"},
      {"known ones only",
       [](Case& c) {
         c.become_stranger();
         c.model.policy.answer = AnswerTo::known;
       },
       "silent answers-known-only", "answer-policy refused"},
      {"delayed",
       [](Case& c) {
         c.become_stranger();
         c.n().delay_seconds = 5;
       },
       "silent delayed", "delay refused"},
      {"rejected", [](Case& c) { c.record.state = DeviceState::rejected; }, "abort rejected",
       "state refused 1"},
      {"no server to refer to",
       [](Case& c) {
         c.model.referrals = {{7, "west", {}}};
         c.extras.referral = 7;
       },
       "silent no-boot-server", "referral refused 7"},
      {"nothing for a stranger", [](Case& c) { c.become_stranger(); }, "silent no-deployment",
       "auto-add did-not-apply"},
      {"nothing for a device", [](Case& c) { c.record.collections.clear(); }, "abort nothing-to-do",
       "state applied 1"},
      {"installs are stopped", [](Case& c) { c.at.installs_stopped = true; }, "abort installs-stopped",
       "deployment refused installs-stopped 1"},
      {"it boots too often", [](Case& c) { c.at.boots_too_often = true; }, "abort boots-too-often",
       "boot-count refused 1"},
      {"a stranger that boots too often",
       [](Case& c) {
         c.become_stranger();
         c.at.boots_too_often = true;
       },
       "abort boots-too-often", "boot-count refused"},
      {"too often, and rejected anyway",
       [](Case& c) {
         c.record.state = DeviceState::rejected;
         c.at.boots_too_often = true;
       },
       "abort rejected", "state refused 1"},
      {"image gone", [](Case& c) { c.d().what = ToBoot{9}; }, "abort deployed-image-gone",
       "deployment refused image-gone 1"},
      {"image of another architecture", [](Case& c) { c.d().what = ToBoot{3}; }, "abort image-not-for-arch",
       "deployment refused image-not-for-arch 1"},
      {"a stranger's image gone",
       [](Case& c) {
         c.become_stranger();
         c.d() = deployment(1, ToUnknown{}, Purpose::required, 9);
       },
       "silent deployed-image-gone", "deployment refused image-gone 1"},
      {"a draft", [](Case& c) { c.i().state = ImageState::draft; }, "abort image-not-published",
       "deployment refused image-draft 1"},
      {"a withdrawn image", [](Case& c) { c.i().state = ImageState::withdrawn; }, "abort image-not-published",
       "deployment refused image-withdrawn 1"},
      {"an image that is not whole here", [](Case& c) { c.model.broken_images = {1}; },
       "abort image-not-here", "deployment refused image-not-here 1"},
      {"another image is not whole",
       [](Case& c) {
         c.model.broken_images = {2, 3};
       },
       "boot image=1 by=1 prompt=none", "deployment applied chosen 1"},
      {"own image is a draft, alone",
       [](Case& c) {
         c.extras.image = 1;
         c.i().state = ImageState::draft;
         c.model.deployments.clear();
       },
       "abort image-not-published", "image-override refused image-draft 1"},
      {"own image is not whole here, alone",
       [](Case& c) {
         c.extras.image = 1;
         c.model.broken_images = {1};
         c.model.deployments.clear();
       },
       "abort image-not-here", "image-override refused image-not-here 1"},
      {"own image of another architecture, alone",
       [](Case& c) {
         c.extras.image = 3;
         c.model.deployments.clear();
       },
       "abort image-not-for-arch", "image-override refused image-not-for-arch 3"},
      {"own image gone, alone",
       [](Case& c) {
         c.extras.image = 9;
         c.model.deployments.clear();
       },
       "abort deployed-image-gone", "image-override refused image-gone 9"},
  };
  expect_rows(rows);
  // What is left is the programs' (next_step_test) and the sessions' own.
  std::set<std::string> seen;
  for (const Row& row : rows) seen.insert(std::string(row.plan).substr(std::string(row.plan).find(' ') + 1));
  for (const Reason elsewhere : {Reason::no_program_for_arch, Reason::http_needed, Reason::shim_has_no_http,
                                 Reason::program_gone, Reason::ipxe_without_http, Reason::boot_loop,
                                 Reason::held, Reason::approval_late, Reason::no_windows_program})
    seen.insert(std::string(print(elsewhere)));
  std::erase_if(seen, [](const std::string& plan) { return plan.starts_with("image="); });
  EXPECT_EQ(seen.size(), reason_count);
}

TEST(Decide, EachDetail) {
  const Row rows[] = {
      {"by both", [](Case&) {}, "boot image=1 by=1 prompt=none", "identity applied by-both 1"},
      {"by address", [](Case& c) { c.facts.uuid.reset(); }, "boot image=1 by=1 prompt=none",
       "identity applied by-mac 1"},
      {"by UUID", [](Case& c) { c.facts.mac = mac_3; }, "boot image=1 by=1 prompt=none",
       "identity applied by-uuid 1"},
      {"stranger", [](Case& c) { c.become_stranger(); }, "silent no-deployment",
       "identity applied unknown-machine"},
      {"blank UUID", [](Case& c) { c.facts.uuid = base::Uuid{}; }, "boot image=1 by=1 prompt=none",
       "identity did-not-apply uuid-banned"},
      {"a dock's address", [](Case& c) { c.facts.mac = mac("50:1a:c5:00:00:09"); },
       "boot image=1 by=1 prompt=none", "identity did-not-apply mac-wanders"},
      {"for unknown ones", [](Case& c) { c.d().target = ToUnknown{}; }, "abort nothing-to-do",
       "deployment did-not-apply for-unknown-only 1"},
      {"condition",
       [](Case& c) {
         c.d().target = ToAll{};
         c.d().condition = rule("arch arm64");
       },
       "abort nothing-to-do", "deployment did-not-apply condition 1"},
      {"disabled", [](Case& c) { c.d().enabled = false; }, "abort nothing-to-do",
       "deployment did-not-apply disabled 1"},
      {"not yet", [](Case& c) { c.d().from = now + 1; }, "abort nothing-to-do",
       "deployment did-not-apply not-yet 1"},
      {"over", [](Case& c) { c.d().until = now; }, "abort nothing-to-do", "deployment did-not-apply over 1"},
      {"outside the maintenance window",
       [](Case& c) {
         c.n().maintenance = {{60, 60}};
       },
       "abort nothing-to-do", "deployment did-not-apply outside-maintenance 1"},
      {"done",
       [](Case& c) {
         c.extras.runs = {{1, RunEnd::done}};
       },
       "abort nothing-to-do", "deployment did-not-apply done 1"},
      {"held",
       [](Case& c) {
         c.extras.runs = {{1, RunEnd::held}};
       },
       "abort nothing-to-do", "deployment did-not-apply run-held 1"},
      {"installs are stopped", [](Case& c) { c.at.installs_stopped = true; }, "abort installs-stopped",
       "deployment refused installs-stopped 1"},
      {"image gone", [](Case& c) { c.d().what = ToBoot{9}; }, "abort deployed-image-gone",
       "deployment refused image-gone 1"},
      {"other architecture", [](Case& c) { c.facts.arch = Arch::arm64; }, "abort image-not-for-arch",
       "deployment refused image-not-for-arch 1"},
      {"comes later", [](Case& c) { c.model.deployments.push_back(deployment(2, ToAll{})); },
       "boot image=1 by=1 prompt=none", "deployment did-not-apply comes-later 2"},
      {"chosen", [](Case&) {}, "boot image=1 by=1 prompt=none", "deployment applied chosen 1"},
      {"offered",
       [](Case& c) {
         c.model.deployments = {deployment(1, ToAll{}), deployment(2, ToAll{}, Purpose::available, 2)};
       },
       "menu [image=2 by=2] [image=1 by=1]", "deployment applied offered 2"},
      {"draft", [](Case& c) { c.i().state = ImageState::draft; }, "abort image-not-published",
       "deployment refused image-draft 1"},
      {"withdrawn", [](Case& c) { c.i().state = ImageState::withdrawn; }, "abort image-not-published",
       "deployment refused image-withdrawn 1"},
      {"not whole here", [](Case& c) { c.model.broken_images = {1}; }, "abort image-not-here",
       "deployment refused image-not-here 1"},
      {"own image", [](Case& c) { c.extras.image = 2; }, "boot image=2 by=1 prompt=none",
       "image-override applied 2"},
      {"own program", [](Case& c) { c.extras.program = "p"; }, "boot image=1 by=1 prompt=none program=p",
       "program-override applied 1"},
      {"the deployment's program", [](Case& c) { c.d().program = "q"; },
       "boot image=1 by=1 prompt=none program=q", "program-override applied 1"},
      {"own program before the deployment's",
       [](Case& c) {
         c.d().program = "q";
         c.extras.program = "p";
       },
       "boot image=1 by=1 prompt=none program=p", "program-override applied 1"},
      {"added",
       [](Case& c) {
         c.become_stranger();
         c.n().add_unknown = true;
       },
       "ask 0", "auto-add applied"},
      {"no network", [](Case& c) { c.facts.network = {}; }, "boot image=1 by=1 prompt=none",
       "network did-not-apply"},
      {"another network", [](Case& c) { c.facts.network = ip("10.2.0.1"); }, "boot image=1 by=1 prompt=none",
       "network did-not-apply"},
  };
  expect_rows(rows);
  std::set<std::string> seen;
  for (const Row& row : rows) {
    for (int detail = 1; detail <= static_cast<int>(Detail::offered); ++detail) {
      const std::string word(print(static_cast<Detail>(detail)));
      if ((std::string(row.in_trail) + " ").find(" " + word + " ") != std::string::npos) seen.insert(word);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(Detail::offered)) << "a detail without a row";
}

TEST(Decide, RunsThatAreOver) {
  const Row rows[] = {
      {"again, though done",
       [](Case& c) {
         c.d().again = true;
         c.extras.runs = {{1, RunEnd::done}};
       },
       "boot image=1 by=1 prompt=none", "deployment applied chosen 1"},
      {"available, though done",  // a mark from when it was required
       [](Case& c) {
         c.d().purpose = Purpose::available;
         c.extras.runs = {{1, RunEnd::done}};
       },
       "boot image=1 by=1 prompt=opt-in", "deployment applied chosen 1"},
      {"available, once, not started",
       [](Case& c) {
         c.d().purpose = Purpose::available;
         c.d().once = true;
       },
       "boot image=1 by=1 prompt=opt-in", "deployment applied chosen 1"},
      {"available, once, started",
       [](Case& c) {
         c.d().purpose = Purpose::available;
         c.d().once = true;
         c.extras.runs = {{1, RunEnd::done}};
       },
       "abort nothing-to-do", "deployment did-not-apply done 1"},
      {"required, once, started",
       [](Case& c) {
         c.d().once = true;
         c.extras.runs = {{1, RunEnd::done}};
       },
       "abort nothing-to-do", "deployment did-not-apply done 1"},
      {"the mark of another deployment",
       [](Case& c) {
         c.extras.runs = {{2, RunEnd::done}, {9, RunEnd::held}};
       },
       "boot image=1 by=1 prompt=none", "deployment applied chosen 1"},
  };
  expect_rows(rows);
}

TEST(Decide, InstallsThatAreStopped) {
  const Row rows[] = {
      {"what boots again and again is no install", [](Case& c) { c.d().again = true; },
       "boot image=1 by=1 prompt=none", "deployment applied chosen 1"},
      {"nor is what somebody chooses", [](Case& c) { c.d().purpose = Purpose::available; },
       "boot image=1 by=1 prompt=opt-in", "deployment applied chosen 1"},
      {"what is available takes its place",
       [](Case& c) { c.model.deployments.push_back(deployment(2, ToCollection{1}, Purpose::available, 2)); },
       "boot image=2 by=2 prompt=opt-in", "deployment refused installs-stopped 1"},
      {"what is done is done",
       [](Case& c) {
         c.extras.runs = {{1, RunEnd::done}};
       },
       "abort nothing-to-do", "deployment did-not-apply done 1"},
      {"a stranger's",
       [](Case& c) {
         c.become_stranger();
         c.d().target = ToUnknown{};
       },
       "silent installs-stopped", "deployment refused installs-stopped 1"},
  };
  for (Row row : rows) {
    const auto change = row.change;
    row.change = [&change](Case& c) {
      c.at.installs_stopped = true;
      change(c);
    };
    expect_rows({&row, 1});
  }
}

TEST(Reason, EachHasANameAndASentenceInAscii) {
  for (std::size_t i = 0; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_NE(print(reason), "unknown") << i;
    EXPECT_GT(explain(reason).size(), 30U) << i;
    for (const char c : explain(reason)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << explain(reason);
  }
  EXPECT_EQ(print(static_cast<Reason>(reason_count)), "unknown") << "reason_count is out of date";
}

}  // namespace
}  // namespace policy
