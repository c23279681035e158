// SPDX-License-Identifier: GPL-3.0-or-later
// All combinations of who is answered, who asks, what is deployed to whom and what a device has
// of its own. What is to come of each is worked out here from the six rules in decide.h, in
// words, and not as decide.cc goes about it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sites.h"
#include "words.h"

namespace policy {
namespace {

enum class Who : std::uint8_t { stranger, approved, pending, rejected };
enum class Own : std::uint8_t { nothing, image, program, both, image_gone, program_and_image_gone };
constexpr Own all_own[] = {Own::nothing, Own::image,      Own::program,
                           Own::both,    Own::image_gone, Own::program_and_image_gone};
// Whom something is deployed to: any of these, as bits.
constexpr unsigned to_strangers = 1, to_collection = 2, to_device = 4, to_all = 8, every_target = 16;
enum class What : std::uint8_t { available, required, both, several };
constexpr What all_what[] = {What::available, What::required, What::both, What::several};

struct Site {
  AnswerTo answer;
  bool add_unknown, menus;
  Prompting prompt;
  unsigned targets;
  What what;
};

struct Machine {
  Who who;
  Own own;
  std::int64_t id = 0;  // of its record
  base::Mac mac;
};

std::vector<Machine> machines() {
  std::vector<Machine> out;
  for (const Who who : {Who::stranger, Who::approved, Who::pending, Who::rejected}) {
    for (const Own own : all_own) {
      if (who == Who::stranger && own != Own::nothing) continue;
      const auto n = static_cast<std::int64_t>(out.size());
      out.push_back({who, own, who == Who::stranger ? 0 : n, numbered_mac(static_cast<std::uint64_t>(n))});
    }
  }
  return out;
}

constexpr std::int64_t own_image = 50, gone_image = 99;

Device record_of(const Machine& machine) {
  Device record = device(machine.id, {machine.mac});
  record.collections = {1};
  record.state = machine.who == Who::pending    ? DeviceState::pending
                 : machine.who == Who::rejected ? DeviceState::rejected
                                                : DeviceState::approved;
  DeviceExtras extras;
  if (machine.own == Own::image || machine.own == Own::both) extras.image = own_image;
  if (machine.own == Own::image_gone || machine.own == Own::program_and_image_gone) extras.image = gone_image;
  if (machine.own == Own::program || machine.own == Own::both || machine.own == Own::program_and_image_gone)
    extras.program = "own.efi";
  return with_extras(record, extras);
}

// One batch of deployments to a target: with the images 1, 2, …, newer ones later.
void deploy(std::vector<Deployment>& all, DeployedTo target, What what) {
  std::vector<Purpose> purposes;
  if (what == What::available || what == What::both) purposes.push_back(Purpose::available);
  if (what == What::required || what == What::both) purposes.push_back(Purpose::required);
  if (what == What::several) purposes = {Purpose::available, Purpose::available, Purpose::available};
  for (const Purpose purpose : purposes) {
    const auto id = static_cast<std::int64_t>(all.size()) + 1;
    Deployment one = deployment(id, target, purpose, id % 7 + 1);
    one.order = static_cast<std::int32_t>(id % 3);
    one.created = 1000 + id % 2;
    all.push_back(one);
  }
}

std::vector<Deployment> deployments_of(const Site& s) {
  std::vector<Deployment> all;
  if ((s.targets & to_all) != 0) deploy(all, ToAll{}, s.what);
  if ((s.targets & to_strangers) != 0) deploy(all, ToUnknown{}, s.what);
  if ((s.targets & to_collection) != 0) deploy(all, ToCollection{1}, s.what);
  for (const Machine& machine : machines()) {
    if ((s.targets & to_device) != 0 && machine.id != 0) deploy(all, ToDevice{machine.id}, s.what);
  }
  return all;
}

bool is_for(const Deployment& deployment, const Machine& machine) {
  const bool known = machine.id != 0;
  if (std::holds_alternative<ToAll>(deployment.target)) return true;
  if (std::holds_alternative<ToUnknown>(deployment.target)) return !known;
  if (std::holds_alternative<ToCollection>(deployment.target)) return known;
  return known && std::get<ToDevice>(deployment.target).id == machine.id;
}

// Who is asked at the machine, and how.
Prompting expected_prompt(const Deployment& first, const Site& s) {
  if (std::holds_alternative<ToAll>(first.target))  // nobody asked for it: never without a question
    return s.prompt == Prompting::none ? Prompting::opt_in : s.prompt;
  return first.purpose == Purpose::required ? Prompting::none : s.prompt;
}

std::string expected(const Machine& machine, const Site& s, std::vector<Deployment> deployments) {
  // 1. Gates.
  if (s.answer == AnswerTo::none) return "silent answers-nobody";
  if (s.answer == AnswerTo::known && machine.id == 0) return "silent answers-known-only";
  // 2. State.
  if (machine.who == Who::rejected) return "abort rejected";
  if (machine.who == Who::pending) return fmt::format("ask {}", machine.id);
  // 4. Deployments, in their order.
  std::erase_if(deployments, [&](const Deployment& each) { return !is_for(each, machine); });
  std::ranges::sort(deployments, [](const Deployment& a, const Deployment& b) {
    if (a.purpose != b.purpose) return a.purpose == Purpose::required;
    if (a.order != b.order) return a.order < b.order;
    if (a.created != b.created) return a.created > b.created;
    return a.id > b.id;
  });
  // 5. What the device has of its own.
  const bool gone = machine.own == Own::image_gone || machine.own == Own::program_and_image_gone;
  const bool has_image = machine.own == Own::image || machine.own == Own::both;
  const bool has_program = machine.own == Own::program || machine.own == Own::both;
  const std::string program = has_program ? " program=own.efi" : "";
  if (gone) return "abort deployed-image-gone";
  const auto choice = [&](const Deployment& each) {
    return fmt::format("image={} by={}", has_image ? own_image : std::get<ToBoot>(each.what).image, each.id);
  };
  if (!deployments.empty()) {
    const Deployment& first = deployments.front();
    if (first.purpose == Purpose::required || !s.menus || deployments.size() == 1)
      return fmt::format("boot {} prompt={}{}", choice(first), print(expected_prompt(first, s)), program);
    std::string menu = "menu";
    for (const Deployment& each : deployments) menu += " [" + choice(each) + "]";
    return menu + program;
  }
  if (has_image || has_program)
    return fmt::format("boot image={} prompt={}{}", has_image ? own_image : 0, print(s.prompt), program);
  // 6. Nothing.
  if (machine.id != 0) return "abort nothing-to-do";
  return s.add_unknown ? "ask 0" : "silent no-deployment";
}

std::string in_words(const Site& s, const Machine& machine) {
  return fmt::format("answer {}, add {}, menus {}, prompt {}, targets {}, what {}, machine {} with {}",
                     print(s.answer), s.add_unknown, s.menus, print(s.prompt), s.targets,
                     static_cast<int>(s.what), static_cast<int>(machine.who), static_cast<int>(machine.own));
}

std::vector<Site> sites() {
  std::vector<Site> out;
  for (const AnswerTo answer : {AnswerTo::all, AnswerTo::known, AnswerTo::none}) {
    for (const bool add_unknown : {false, true}) {
      for (const bool menus : {false, true}) {
        for (const Prompting prompt : {Prompting::opt_in, Prompting::none, Prompting::opt_out}) {
          for (unsigned targets = 0; targets < every_target; ++targets) {
            for (const What what : all_what) {
              if (targets == 0 && what != What::available) continue;
              out.push_back({answer, add_unknown, menus, prompt, targets, what});
            }
          }
        }
      }
    }
  }
  return out;
}

TEST(DecideTable, AllCombinations) {
  const std::vector<Machine> all = machines();
  std::vector<Device> records;
  for (const Machine& each : all) {
    if (each.id != 0) records.push_back(record_of(each));
  }
  SiteModel model;
  model.collections = {collection(1)};
  for (std::int64_t id = 1; id <= 7; ++id) model.images.push_back(image(id));
  model.images.push_back(image(own_image));
  const Snapshot devices = site(model, records);
  std::size_t cases = 0;
  for (const Site& s : sites()) {
    model.policy.answer = s.answer;
    model.policy.add_unknown = s.add_unknown;
    model.policy.menus = s.menus;
    model.policy.prompt_known = model.policy.prompt_unknown = s.prompt;
    model.deployments = deployments_of(s);
    const Snapshot snapshot = devices.with(model).value();
    for (const Machine& each : all) {
      const Plan plan = decide(machine(each.mac), snapshot, {});
      ASSERT_EQ(policy::in_words(plan), expected(each, s, model.deployments)) << in_words(s, each);
      ++cases;
    }
  }
  EXPECT_EQ(cases, 3 * 2 * 2 * 3 * (1 + 15 * 4) * (1 + 3 * 6U));
}

}  // namespace
}  // namespace policy
