// SPDX-License-Identifier: GPL-3.0-or-later
// What holds for every site and every machine, over many of both from a seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "policy/next_step.h"
#include "policy/rom_menu.h"
#include "sites.h"
#include "words.h"

namespace policy {
namespace {

constexpr unsigned seed = 1234;
constexpr std::int64_t now = 1000;

class Maker {
 public:
  explicit Maker(unsigned from) : random_(from) {}

  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<unsigned>(bound));
  }
  bool once_in(std::int64_t n) { return below(n) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[below(static_cast<std::int64_t>(all.size()))];
  }

  SiteModel model() {
    SiteModel m;
    m.settings.http = !once_in(4);
    m.policy.answer = one_of({AnswerTo::all, AnswerTo::all, AnswerTo::known, AnswerTo::none});
    m.policy.add_unknown = once_in(3);
    m.policy.menus = !once_in(3);
    m.policy.prompt_known = any_prompt();
    m.policy.prompt_unknown = any_prompt();
    m.policy.delay_seconds = once_in(4) ? 8 : 0;
    m.policy.detect_processor = once_in(3);
    for (std::int64_t id = 1; id <= 4; ++id) m.images.push_back(image(id, any_arch()));
    m.task_sequences = {{1, "one", below(6), {}}, {2, "two", below(6), {}}};
    m.programs = {{1,
                   "p1",
                   any_arch(),
                   {one_of({Role::boot, Role::prompt, Role::abort, Role::detect})},
                   once_in(2),
                   "p1.efi"},
                  {2, "p2", any_arch(), {}, false, "p2.efi"}};
    for (std::int64_t id = 1; id <= 5; ++id) m.collections.push_back(any_collection(id));
    for (std::int64_t id = 1; id <= 8; ++id) m.deployments.push_back(any_deployment(id));
    m.networks = {network(1, "10.1.0.0/16"), network(2, "10.1.2.0/24")};
    for (Network& each : m.networks) {
      if (once_in(4)) each.answer = one_of({AnswerTo::all, AnswerTo::known, AnswerTo::none});
      if (once_in(4)) each.add_unknown = once_in(2);
      if (once_in(4)) each.maintenance = {{100, 100}};
      if (once_in(5)) each.referral = below(4);
    }
    for (std::int64_t id = 1; id <= 3; ++id) {
      m.servers.push_back({id, "s", {}, {{any_arch(), "a"}, {any_arch(), "b"}}});
      m.referrals.push_back({id, "r", {{below(5), static_cast<std::uint16_t>(below(3))}, {below(5), 1}}});
    }
    if (once_in(3)) m.dead_servers = {below(4)};
    if (once_in(4)) m.ignored_macs = {{numbered_mac(static_cast<std::uint64_t>(below(20))).octets, 6}};
    if (once_in(4)) m.wandering_macs = {{numbered_mac(static_cast<std::uint64_t>(below(20))).octets, 6}};
    if (once_in(4)) m.banned_uuids = {numbered_uuid(static_cast<std::uint64_t>(below(20)))};
    return m;
  }

  std::vector<Device> devices() {
    std::vector<Device> out;
    for (std::int64_t id = 1; id <= 12; ++id) {
      const auto n = static_cast<std::uint64_t>(id);
      Device one = device(id, {numbered_mac(n)});
      if (!once_in(3)) one.uuid = numbered_uuid(n);
      one.state =
          one_of({DeviceState::approved, DeviceState::approved, DeviceState::pending, DeviceState::rejected});
      for (std::int64_t in = 1; in <= 5; ++in) {
        if (once_in(3)) one.collections.push_back(in);
      }
      DeviceExtras extras;
      if (once_in(4)) extras.image = below(7);
      if (once_in(4)) extras.program = one_of({"p1", "p2", "gone"});
      if (once_in(6)) extras.referral = below(5);
      if (once_in(3)) extras.runs = {{1 + below(8), one_of({RunEnd::done, RunEnd::held})}};
      out.push_back(once_in(2) ? with_extras(one, extras) : one);
    }
    return out;
  }

  Facts facts() {
    Facts out;
    out.mac = numbered_mac(static_cast<std::uint64_t>(below(16)));
    if (!once_in(3)) out.uuid = numbered_uuid(static_cast<std::uint64_t>(below(16)));
    out.kind = one_of({ClientKind::bios_rom, ClientKind::uefi_pxe, ClientKind::uefi_http, ClientKind::ipxe,
                       ClientKind::uboot, ClientKind::raspberry_pi, ClientKind::wds_program});
    out.arch = any_arch();
    out.ipxe.http = once_in(2);
    if (once_in(3)) out.network = one_of({ip("10.1.2.3"), ip("10.1.3.3"), ip("10.9.9.9")});
    if (once_in(4)) out.chosen_item = rom_menu_item(below(12));
    if (once_in(3)) out.processor = one_of({Arch::x64, Arch::ia32});
    out.firmware_known = !once_in(8);
    out.seconds_asking = static_cast<std::uint16_t>(below(16));
    return out;
  }
  Now at() {
    const std::int64_t seconds = now + below(20) - 10;  // in order: arguments have none
    const auto minute = static_cast<std::uint16_t>(below(300));
    const bool stopped = once_in(8);
    return {seconds, minute, stopped, once_in(16)};
  }

  Deployment any_deployment(std::int64_t id) {
    Deployment one = deployment(id, any_target(), once_in(3) ? Purpose::required : Purpose::available);
    if (once_in(3)) {
      one.what = ToRun{below(4)};
    } else {
      one.what = ToBoot{below(6)};
    }
    if (once_in(5)) one.condition = rule(one_of({"arch x64", "not mac 02:*", "name device-1*"}));
    one.enabled = !once_in(6);
    one.order = static_cast<std::int32_t>(below(3));
    one.created = below(5);
    if (once_in(4)) one.from = now + below(20) - 10;
    if (once_in(4)) one.until = now + below(20) - 10;
    one.asks = once_in(4);
    one.again = once_in(4);
    one.once = !one.again && once_in(4);
    if (once_in(5)) one.program = one_of({"p1", "gone"});
    return one;
  }

 private:
  Arch any_arch() { return one_of({Arch::bios, Arch::x64, Arch::x64, Arch::ia32, Arch::arm64}); }
  Prompting any_prompt() { return one_of({Prompting::opt_in, Prompting::none, Prompting::opt_out}); }
  DeployedTo any_target() {
    switch (below(4)) {
      case 0:
        return ToCollection{1 + below(6)};
      case 1:
        return ToDevice{1 + below(14)};
      case 2:
        return ToUnknown{};
      default:
        return ToAll{};
    }
  }
  Collection any_collection(std::int64_t id) {
    Collection one = collection(id);
    if (once_in(3))
      one.rule = rule(one_of({"arch x64", "subnet 10.1.2.0/24", "not name device-2", "mac 02:*:0?"}));
    if (id > 1 && once_in(3)) one.includes = {1 + below(id - 1)};
    if (id > 1 && once_in(4)) one.excludes = {1 + below(id - 1)};
    if (once_in(6)) one.referral = below(5);
    return one;
  }

  std::mt19937 random_;
};

// Everything that a plan says, as text: pointers into two snapshots do not compare.
std::string everything(const Facts& facts, const Snapshot& s, const Now& at) {
  const Answer got = answer(facts, s, at);
  std::string out = in_words(got.plan) + " | " + in_words(got.step) + " | ";
  for (const std::string& line : trail_of(got.plan)) out += line + "; ";
  return out + std::to_string(got.plan.trail.left_out());
}

bool is_over(const Device* device, const Deployment& deployment) {
  return device != nullptr && !deployment.again &&
         (deployment.once || deployment.purpose == Purpose::required) &&
         std::ranges::count(device->extras().runs, deployment.id, &RunMark::deployment) > 0;
}

void expect_sound(const Plan& plan, const Answer& whole, const Now& at) {
  ASSERT_FALSE(plan.trail.entries().empty());
  const Device* const device = plan.identity.device;
  const bool boots = plan.boot() != nullptr || plan.menu() != nullptr;
  const bool serves = boots || std::holds_alternative<Refer>(plan.outcome);
  if (device != nullptr && device->state == DeviceState::rejected) {
    ASSERT_TRUE(plan.reason().has_value()) << in_words(plan);
  }
  if (device != nullptr && device->state == DeviceState::pending) {
    ASSERT_FALSE(serves) << in_words(plan);
  }
  if (plan.identity.by == IdentifiedBy::conflict) {
    ASSERT_TRUE(plan.reason().has_value()) << in_words(plan);
  }
  if (const Boot* boot = plan.boot()) {
    ASSERT_TRUE(boot->choice.image != nullptr || !boot->program.empty());
  }
  if (const Menu* menu = plan.menu()) {
    ASSERT_TRUE(menu->size >= 2 && menu->size <= Menu::capacity);
    for (const Choice& each : menu->entries())
      ASSERT_TRUE(each.image != nullptr && each.deployment != nullptr);
  }
  if (at.boots_too_often) {
    ASSERT_FALSE(serves) << in_words(plan);
  }
  const auto expect_may = [&](const Choice& choice) {
    if (choice.deployment == nullptr) return;
    const bool install = choice.deployment->purpose == Purpose::required && !choice.deployment->again;
    ASSERT_FALSE(install && at.installs_stopped) << in_words(plan);
    ASSERT_FALSE(is_over(device, *choice.deployment)) << in_words(plan);
  };
  if (const Boot* boot = plan.boot()) {
    ASSERT_NO_FATAL_FAILURE(expect_may(boot->choice));
  }
  if (const Menu* menu = plan.menu()) {
    for (const Choice& each : menu->entries()) ASSERT_NO_FATAL_FAILURE(expect_may(each));
  }
  // A refusal comes with its reason and never with a program to boot an image from.
  if (plan.reason()) {
    ASSERT_LT(static_cast<std::size_t>(*plan.reason()), reason_count);
    if (std::holds_alternative<Silent>(plan.outcome)) {
      ASSERT_TRUE(std::holds_alternative<Reason>(whole.step));
    }
  }
  if (const auto* step = std::get_if<Step>(&whole.step)) {
    const bool names_file = step->kind == StepKind::loader || step->kind == StepKind::refer;
    if (step->kind != StepKind::abort) {
      ASSERT_EQ(names_file, !step->path.empty());
    }
    if (step->kind == StepKind::menu) {
      ASSERT_TRUE(plan.menu() != nullptr || plan.boot() != nullptr);
    }
    ASSERT_EQ(step->kind == StepKind::refer, std::holds_alternative<Refer>(plan.outcome));
  }
}

TEST(DecideProperties, OverManySitesAndMachines) {
  std::size_t served = 0, refused = 0, cases = 0;
  for (unsigned round = 0; round < 600; ++round) {
    Maker make(seed + round);
    const SiteModel model = make.model();
    const std::vector<Device> devices = make.devices();
    const Snapshot s = site(model, devices);
    const Snapshot again = site(model, {devices.rbegin(), devices.rend()});

    // Another collection that takes in everybody, another device, a deployment to that device:
    // nobody else's.
    SiteModel wider = model;
    Collection everybody = collection(1000);
    everybody.rule = Rule();
    wider.collections.insert(wider.collections.begin() + make.below(6), everybody);
    wider.deployments.insert(wider.deployments.begin() + make.below(9),
                             deployment(1000, ToDevice{1000}, Purpose::required));
    wider.deployments.push_back(deployment(1001, ToCollection{2000}, Purpose::required));
    std::vector<Device> more = devices;
    more.push_back(device(1000, {numbered_mac(1000)}, numbered_uuid(1000)));
    const Snapshot unrelated = site(wider, more);

    for (int i = 0; i < 200; ++i) {
      const Facts facts = make.facts();
      const Now at = make.at();
      const Answer whole = answer(facts, s, at);
      ASSERT_NO_FATAL_FAILURE(expect_sound(decide(facts, s, at), whole, at))
          << "seed " << seed + round << ", machine " << i;
      (whole.plan.reason() ? refused : served) += 1;
      ++cases;
      if (i % 4 != 0) continue;  // words are dear
      const std::string first = everything(facts, s, at);
      ASSERT_EQ(everything(facts, s, at), first) << "seed " << seed + round;
      ASSERT_EQ(everything(facts, again, at), first) << "seed " << seed + round << ": order of devices";
      ASSERT_EQ(everything(facts, unrelated, at), first)
          << "seed " << seed + round << ": something unrelated";
    }
  }
  EXPECT_GT(served, cases / 20) << "of " << cases;
  EXPECT_GT(refused, cases / 20) << "of " << cases;
}

TEST(DecideProperties, NobodyIsServedWithAnEmptyModel) {
  Maker make(seed);
  const Snapshot empty;
  for (int i = 0; i < 20000; ++i) {
    const Facts facts = make.facts();
    Now at = make.at();
    at.boots_too_often = false;
    const Answer got = answer(facts, empty, at);
    ASSERT_EQ(in_words(got.plan), "silent no-deployment");
    ASSERT_EQ(in_words(got.step), "!no-deployment");
  }
}

}  // namespace
}  // namespace policy
