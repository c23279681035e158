// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"

#include <algorithm>
#include <optional>

#include "policy/candidates.h"
#include "policy/place_at_server.h"
#include "policy/rom_menu.h"
#include "policy/rule.h"
#include "policy/waiting.h"

namespace policy {
namespace {

// The site's policy where the network says nothing else.
struct Gates {
  AnswerTo answer;
  bool add_unknown;
  Prompting prompt;  // for this machine
  std::uint16_t delay_seconds;
};

Gates gates_for(const SitePolicy& site, const Network* network, bool known) {
  Gates gates{site.answer, site.add_unknown, known ? site.prompt_known : site.prompt_unknown,
              site.delay_seconds};
  if (network == nullptr) return gates;
  gates.answer = network->answer.value_or(gates.answer);
  gates.add_unknown = network->add_unknown.value_or(gates.add_unknown);
  gates.prompt = (known ? network->prompt_known : network->prompt_unknown).value_or(gates.prompt);
  gates.delay_seconds = network->delay_seconds.value_or(gates.delay_seconds);
  return gates;
}

// A BIOS machine says 0 whatever its processor: unless somebody looked, it may be 64 bits wide,
// and both PC kernels pass. On UEFI the kernel's width must be the firmware's.
bool runs_on(Arch image, const Facts& facts) {
  if (!facts.firmware_known) return true;  // nothing is known against it
  if (facts.arch != Arch::bios) return image == facts.arch;
  if (image == Arch::x64) return facts.processor != Arch::ia32;
  return image == Arch::ia32 || image == Arch::bios;
}

// What keeps an image from being given to a machine.
struct Unfit {
  Detail detail;
  Reason reason;
};

std::optional<Unfit> unfit(const Image* image, const Facts& facts, const Snapshot& snapshot) {
  if (image == nullptr) return Unfit{Detail::image_gone, Reason::deployed_image_gone};
  if (image->state == ImageState::draft) return Unfit{Detail::image_draft, Reason::image_not_published};
  if (image->state == ImageState::withdrawn) {
    return Unfit{Detail::image_withdrawn, Reason::image_not_published};
  }
  if (!runs_on(image->arch, facts)) return Unfit{Detail::image_not_for_arch, Reason::image_not_for_arch};
  if (snapshot.broken(*image)) return Unfit{Detail::image_not_here, Reason::image_not_here};
  return std::nullopt;
}

class Decision {
 public:
  // `plan` is a new one: it is large, and made where its reader wants it.
  Decision(const Facts& facts, const Snapshot& snapshot, const Now& now, Plan& plan)
      : facts_(facts), snapshot_(snapshot), now_(now), plan_(plan) {}

  void make() {
    if (snapshot_.ignored_macs().covering(facts_.mac) != nullptr)
      return refuse(Point::ignore_list, Silent{Reason::ignored_address});
    note(Point::ignore_list, Verdict::did_not_apply);
    identify_machine();
    plan_.network = snapshot_.networks().of(facts_.network);
    note(Point::network, plan_.network != nullptr ? Verdict::applied : Verdict::did_not_apply, Detail::none,
         plan_.network != nullptr ? plan_.network->id : 0);
    gates_ = gates_for(snapshot_.model().policy, plan_.network, known());
    if (pass_gates() && pass_state() && pass_boot_count() && !refer()) choose();
  }

 private:
  [[nodiscard]] bool known() const { return device() != nullptr; }
  [[nodiscard]] const Device* device() const { return plan_.identity.device; }

  void note(Point point, Verdict verdict, Detail detail = Detail::none, std::int64_t subject = 0) {
    plan_.trail.add({point, verdict, detail, subject});
  }
  void refuse(Point point, Outcome outcome, Detail detail = Detail::none, std::int64_t subject = 0) {
    note(point, Verdict::refused, detail, subject);
    plan_.outcome = outcome;
  }

  void identify_machine() {
    Identity& identity = plan_.identity;
    identity = identify(facts_, snapshot_);
    if (identity.uuid_banned) note(Point::identity, Verdict::did_not_apply, Detail::uuid_banned);
    if (identity.mac_wanders) note(Point::identity, Verdict::did_not_apply, Detail::mac_wanders);
    const std::int64_t id = known() ? identity.device->id : 0;
    switch (identity.by) {
      case IdentifiedBy::nothing:
        note(Point::identity, Verdict::applied, Detail::unknown_machine);
        break;
      case IdentifiedBy::both:
        note(Point::identity, Verdict::applied, Detail::by_both, id);
        break;
      case IdentifiedBy::mac:
        note(Point::identity, Verdict::applied, Detail::by_mac, id);
        break;
      case IdentifiedBy::uuid:
        note(Point::identity, Verdict::applied, Detail::by_uuid, id);
        break;
      case IdentifiedBy::conflict:
        note(Point::identity, Verdict::refused, Detail::by_mac, id);
        note(Point::identity, Verdict::refused, Detail::by_uuid, identity.other->id);
        break;
    }
  }

  bool pass_gates() {
    if (gates_.answer == AnswerTo::none) {
      refuse(Point::answer_policy, Silent{Reason::answers_nobody});
      return false;
    }
    if (gates_.answer == AnswerTo::known && !known()) {
      refuse(Point::answer_policy, Silent{Reason::answers_known_only});
      return false;
    }
    note(Point::answer_policy, Verdict::applied);
    // Devices that somebody entered are not delayed. Nor is firmware that would give up.
    const bool can_wait = facts_.firmware_known && waiting_of(facts_.kind).by == WaitsBy::offer;
    if (gates_.delay_seconds > 0 && !known() && can_wait && facts_.seconds_asking < gates_.delay_seconds) {
      refuse(Point::delay, Silent{Reason::delayed});
      return false;
    }
    note(Point::delay, Verdict::did_not_apply);
    // Only now: where nobody is answered, nobody hears of it.
    if (plan_.identity.by != IdentifiedBy::conflict) return true;
    plan_.outcome = Abort{Reason::identity_conflict};
    return false;
  }

  bool pass_state() {
    if (!known()) return true;
    const Device& machine = *device();
    if (machine.state == DeviceState::rejected) {
      refuse(Point::state, Abort{Reason::rejected}, Detail::none, machine.id);
      return false;
    }
    note(Point::state, Verdict::applied, Detail::none, machine.id);
    if (machine.state == DeviceState::pending) {
      plan_.outcome = AskApproval{&machine};
      return false;
    }
    snapshot_.collections().members(machine, facts_, memberships());
    return true;
  }

  bool pass_boot_count() {
    if (!now_.boots_too_often) return true;
    refuse(Point::boot_count, Abort{Reason::boots_too_often}, Detail::none, known() ? device()->id : 0);
    return false;
  }

  bool refer() {
    const Referral* const referral = find_referral();
    if (referral == nullptr) {
      note(Point::referral, Verdict::did_not_apply);
      return false;
    }
    const auto place = place_at_server(*referral, facts_, snapshot_);
    if (!place) {
      refuse(Point::referral, Silent{Reason::no_boot_server}, Detail::none, referral->id);
      return true;
    }
    note(Point::referral, Verdict::applied, place->answers ? Detail::none : Detail::not_answering,
         referral->id);
    plan_.outcome = Refer{referral, place->server, place->file};
    return true;
  }

  const Referral* find_referral() const {
    if (known()) {
      if (const Referral* own = snapshot_.referral(device()->extras().referral)) return own;
      const Referral* first = nullptr;
      memberships().each([&](std::size_t position) {
        const std::int64_t theirs = snapshot_.collections().all()[position].referral;
        if (first == nullptr && theirs != 0) first = snapshot_.referral(theirs);
      });
      if (first != nullptr) return first;
    }
    return plan_.network == nullptr ? nullptr : snapshot_.referral(plan_.network->referral);
  }

  void choose() {
    gather();
    const auto entries = candidates_.entries();
    if (!entries.empty()) {
      take(entries);
    } else if (!stand_alone()) {
      give_nothing();
    }
  }

  void gather() {
    if (known()) {
      consider_all(snapshot_.to_device(device()->id));
      memberships().each([&](std::size_t position) { consider_all(snapshot_.to_collection(position)); });
    }
    for (const Deployment* deployment : snapshot_.to_unknown()) {
      if (known()) {
        reject(*deployment, Detail::for_unknown_only);
      } else {
        consider(*deployment);
      }
    }
    consider_all(snapshot_.to_all());
  }

  void consider_all(const Snapshot::Span& deployments) {
    for (const Deployment* deployment : deployments) consider(*deployment);
  }

  // Of the device that was found: worked out once for all conditions.
  const RuleSubject& subject() {
    if (!subject_) subject_.emplace(facts_, known() ? device()->name : std::string_view());
    return *subject_;
  }

  void reject(const Deployment& deployment, Detail why) {
    note(Point::deployment, Verdict::did_not_apply, why, deployment.id);
  }

  void consider(const Deployment& deployment) {
    if (!deployment.enabled) return reject(deployment, Detail::disabled);
    if (deployment.condition && !deployment.condition->matches(subject()))
      return reject(deployment, Detail::condition);
    if (deployment.from && now_.unix_seconds < *deployment.from) return reject(deployment, Detail::not_yet);
    if (deployment.until && now_.unix_seconds >= *deployment.until) return reject(deployment, Detail::over);
    const bool required = deployment.purpose == Purpose::required;
    if (required && !in_maintenance()) return reject(deployment, Detail::outside_maintenance);
    if ((required || deployment.once) && !deployment.again) {
      if (const auto end = run_end(deployment.id)) {
        return reject(deployment, *end == RunEnd::done ? Detail::done : Detail::run_held);
      }
    }
    if (now_.installs_stopped && required && !deployment.again) {
      return refuse_candidate(deployment, Detail::installs_stopped, Reason::installs_stopped);
    }
    const Choice choice = choice_of(deployment);
    if (const auto why = unfit(choice.image, facts_, snapshot_)) {
      return refuse_candidate(deployment, why->detail, why->reason);
    }
    if (const Deployment* last = candidates_.add(choice)) reject(*last, Detail::comes_later);
  }

  void refuse_candidate(const Deployment& deployment, Detail detail, Reason reason) {
    note(Point::deployment, Verdict::refused, detail, deployment.id);
    if (!refused_) refused_ = reason;
  }

  [[nodiscard]] bool in_maintenance() const {
    if (plan_.network == nullptr || plan_.network->maintenance.empty()) return true;
    return std::ranges::any_of(plan_.network->maintenance, [&](const WeekWindow& window) {
      return window.contains(now_.minute_of_week);
    });
  }

  [[nodiscard]] std::optional<RunEnd> run_end(std::int64_t deployment) const {
    if (!known()) return std::nullopt;
    const auto& runs = device()->extras().runs;
    const auto found = std::ranges::lower_bound(runs, deployment, {}, &RunMark::deployment);
    if (found == runs.end() || found->deployment != deployment) return std::nullopt;
    return found->end;
  }

  // The device's own image comes before what is deployed. It does not stand in for a task
  // sequence that is gone.
  Choice choice_of(const Deployment& deployment) const {
    Choice choice{nullptr, &deployment, nullptr};
    std::int64_t image = 0;
    if (const auto* run = std::get_if<ToRun>(&deployment.what)) {
      choice.task_sequence = snapshot_.task_sequence(run->task_sequence);
      if (choice.task_sequence == nullptr) return choice;
      image = choice.task_sequence->image;
    } else {
      image = std::get<ToBoot>(deployment.what).image;
    }
    const std::int64_t own = known() ? device()->extras().image : 0;
    choice.image = snapshot_.image(own != 0 ? own : image);
    choice.windows = windows_of(choice.image);
    return choice;
  }

  [[nodiscard]] const WindowsFiles* windows_of(const Image* image) const {
    return image != nullptr && image->kind == ImageKind::wim ? snapshot_.windows(*image) : nullptr;
  }

  // Nobody among all machines asked for it: they are always asked first.
  [[nodiscard]] Prompting prompt_for(const Deployment& deployment) const {
    const bool everybody = std::holds_alternative<ToAll>(deployment.target);
    if (deployment.purpose == Purpose::required && !everybody && !deployment.asks) return Prompting::none;
    const bool ask = everybody || deployment.asks;
    return ask && gates_.prompt == Prompting::none ? Prompting::opt_in : gates_.prompt;
  }

  void take(std::span<const Choice> entries) {
    // Somebody at the machine has chosen already, in the ROM's menu.
    if (facts_.chosen_item) {
      const auto chosen = std::ranges::find_if(entries, [&](const Choice& entry) {
        return rom_menu_item(entry.deployment->id) == *facts_.chosen_item;
      });
      if (chosen != entries.end()) return take_chosen(*chosen);
    }
    const Deployment& first = *entries.front().deployment;
    const bool several =
        entries.size() > 1 && first.purpose == Purpose::available && snapshot_.model().policy.menus;
    for (const Choice& entry : entries) {
      const bool chosen = several || &entry == &entries.front();
      note(Point::deployment, chosen ? Verdict::applied : Verdict::did_not_apply,
           !chosen   ? Detail::comes_later
           : several ? Detail::offered
                     : Detail::chosen,
           entry.deployment->id);
    }
    note_image_override();
    const std::string_view program = program_override(first);
    if (!several) {
      plan_.outcome = Boot{entries.front(), prompt_for(first), program};
      return;
    }
    Menu menu;
    std::ranges::copy(entries, menu.choices.begin());
    menu.size = entries.size();
    menu.prompt = prompt_for(first) == Prompting::opt_out ? Prompting::opt_out : Prompting::opt_in;
    menu.program = program;
    plan_.outcome = menu;
  }

  void take_chosen(const Choice& choice) {
    note(Point::deployment, Verdict::applied, Detail::chosen, choice.deployment->id);
    note_image_override();
    plan_.outcome = Boot{choice, Prompting::none, program_override(*choice.deployment)};
  }

  void note_image_override() {
    if (known() && device()->extras().image != 0) {
      note(Point::image_override, Verdict::applied, Detail::none, device()->extras().image);
    }
  }

  std::string_view program_override(const Deployment& deployment) {
    std::string_view program = deployment.program;
    if (known() && !device()->extras().program.empty()) program = device()->extras().program;
    if (!program.empty())
      note(Point::program_override, Verdict::applied, Detail::none, known() ? device()->id : 0);
    return program;
  }

  // An override where nothing is deployed.
  bool stand_alone() {
    if (!known()) return false;
    const DeviceExtras& own = device()->extras();
    if (own.image == 0 && own.program.empty()) return false;
    const Image* const image = own.image != 0 ? snapshot_.image(own.image) : nullptr;
    if (const auto why = own.image != 0 ? unfit(image, facts_, snapshot_) : std::nullopt) {
      refuse(Point::image_override, Abort{why->reason}, why->detail, own.image);
      return true;
    }
    note_image_override();
    if (!own.program.empty()) note(Point::program_override, Verdict::applied, Detail::none, device()->id);
    plan_.outcome = Boot{{image, nullptr, nullptr, windows_of(image)}, gates_.prompt, own.program};
    return true;
  }

  void give_nothing() {
    if (known()) {
      plan_.outcome = Abort{refused_.value_or(Reason::nothing_to_do)};
      return;
    }
    if (gates_.add_unknown) {
      note(Point::auto_add, Verdict::applied);
      plan_.outcome = AskApproval{nullptr};
      return;
    }
    note(Point::auto_add, Verdict::did_not_apply);
    plan_.outcome = Silent{refused_.value_or(Reason::no_deployment)};
  }

  // One per thread: it grows to the number of collections once, and deciding allocates no more.
  static Memberships& memberships() {
    thread_local Memberships memberships;
    return memberships;
  }

  const Facts& facts_;
  const Snapshot& snapshot_;
  const Now& now_;
  Plan& plan_;
  Gates gates_{};
  Candidates candidates_;
  std::optional<Reason> refused_;
  std::optional<RuleSubject> subject_;
};

}  // namespace

Plan decide(const Facts& facts, const Snapshot& snapshot, const Now& now) {
  Plan plan;
  Decision(facts, snapshot, now, plan).make();
  return plan;
}

}  // namespace policy
