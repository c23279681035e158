// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/explanation_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/json.h"
#include "base/overloaded.h"

namespace api {
namespace {

using policy::Detail;
using policy::Point;
using policy::Verdict;
using store::Kind;

const policy::Deployment* deployment_of(const policy::Snapshot& site, std::int64_t id) {
  const auto& all = site.model().deployments;
  const auto found = std::ranges::find(all, id, &policy::Deployment::id);
  return found == all.end() ? nullptr : &*found;
}

const policy::Image* image_of(const policy::Snapshot& site, const policy::Deployment& deployment) {
  if (const auto* boot = std::get_if<policy::ToBoot>(&deployment.what)) return site.image(boot->image);
  const auto* sequence = site.task_sequence(std::get<policy::ToRun>(deployment.what).task_sequence);
  return sequence == nullptr ? nullptr : site.image(sequence->image);
}

}  // namespace

std::string Words::who() const {
  return plan_.identity.device != nullptr ? plan_.identity.device->name : "this machine";
}

std::string Words::quoted(Kind kind, std::int64_t id) const {
  return fmt::format("{} «{}»", print(kind), names_.name(kind, id));
}

std::string Words::address() const {
  return facts_.mac.is_zero() ? std::string("its hardware address, which is not known,") : facts_.mac.print();
}

std::optional<Kind> Words::subject_kind(Point point) {
  switch (point) {
    case Point::identity:
    case Point::state:
    case Point::boot_count:
    case Point::program_override:
      return Kind::device;
    case Point::network:
      return Kind::network;
    case Point::referral:
      return Kind::referral;
    case Point::deployment:
      return Kind::deployment;
    case Point::image_override:
      return Kind::image;
    case Point::ignore_list:
    case Point::answer_policy:
    case Point::delay:
    case Point::auto_add:
    case Point::program:
      break;
  }
  return std::nullopt;
}

std::string Words::text(const policy::Considered& entry) const {
  const bool applied = entry.verdict == Verdict::applied;
  switch (entry.point) {
    case Point::identity:
      return identity(entry);
    case Point::ignore_list:
    case Point::network:
    case Point::answer_policy:
    case Point::delay:
      return gate(entry);
    case Point::state: {
      if (!applied) return fmt::format("{} is rejected", quoted(Kind::device, entry.subject));
      const policy::Device* const device = plan_.identity.device;
      if (device != nullptr && device->state == policy::DeviceState::pending)
        return fmt::format("{} waits for approval, request {}", quoted(Kind::device, entry.subject),
                           device->request);
      return fmt::format("{} is approved", quoted(Kind::device, entry.subject));
    }
    case Point::boot_count:
      return "it has booted from the network over and over lately";
    case Point::referral:
      if (const auto* refer = std::get_if<policy::Refer>(&plan_.outcome); applied && refer != nullptr)
        return fmt::format("{} sends it to server «{}»{}", quoted(Kind::referral, entry.subject),
                           refer->server->name,
                           entry.detail == Detail::not_answering
                               ? ", which does not answer its probes, and no other serves the same"
                               : "");
      if (entry.verdict == Verdict::refused)
        return fmt::format("{} has no server that is alive and serves this architecture",
                           quoted(Kind::referral, entry.subject));
      return "nothing refers it to another server";
    case Point::deployment:
      return deployment(entry);
    case Point::image_override:
      return image_override(entry);
    case Point::program_override: {
      std::string_view name;
      if (const auto* boot = plan_.boot()) name = boot->program;
      if (const auto* menu = plan_.menu()) name = menu->program;
      return fmt::format("boot program «{}» is named for it instead of the default", name);
    }
    case Point::auto_add:
      return applied ? "strangers are recorded here and wait for an administrator"
                     : "strangers are not recorded here (add_unknown is off)";
    case Point::program:
      return program();
  }
  return "";
}

std::string Words::identity(const policy::Considered& entry) const {
  const std::string uuid = facts_.uuid ? facts_.uuid->print() : "";
  switch (entry.detail) {
    case Detail::unknown_machine:
      if (facts_.mac.is_zero()) return fmt::format("no record has the UUID {}: the machine is unknown", uuid);
      return fmt::format("no record has {}{}: the machine is unknown", address(),
                         uuid.empty() ? "" : " or the UUID " + uuid);
    case Detail::by_both:
      return fmt::format("{} and the UUID are those of {}", address(), quoted(Kind::device, entry.subject));
    case Detail::by_mac:
      return fmt::format("{} is an address of {}{}", address(), quoted(Kind::device, entry.subject),
                         entry.verdict == Verdict::refused ? ", and the UUID is not: a conflict" : "");
    case Detail::by_uuid:
      return fmt::format("the UUID {} is that of {}", uuid, quoted(Kind::device, entry.subject));
    case Detail::uuid_banned:
      return fmt::format("the UUID {} is one that many boards share: it says nothing", uuid);
    case Detail::mac_wanders:
      return fmt::format(
          "{} belongs to a dock or an adapter that goes from machine to machine: the UUID decides",
          address());
    default:
      return "";
  }
}

std::string Words::gate(const policy::Considered& entry) const {
  const policy::Snapshot& site = names_.snapshot();
  const bool refused = entry.verdict == Verdict::refused;
  switch (entry.point) {
    case Point::ignore_list: {
      if (!refused) return fmt::format("{} is not on the ignore list", address());
      const policy::MacPrefix* const prefix = site.ignored_macs().covering(facts_.mac);
      return fmt::format("{} is on the ignore list, as {}", address(),
                         prefix == nullptr ? "?" : prefix->print());
    }
    case Point::network:
      if (plan_.network != nullptr)
        return fmt::format("it is in {} ({})", quoted(Kind::network, entry.subject),
                           plan_.network->subnet.print());
      if (facts_.network.is_zero()) return "its network is not known: the site's settings hold";
      return fmt::format("no network is recorded for {}: the site's settings hold", facts_.network.print());
    case Point::answer_policy:
      if (!refused) return "the answer policy lets it pass";
      return plan_.reason() == policy::Reason::answers_known_only
                 ? "only known machines are answered here, and it is not known"
                 : "nobody is answered here";
    case Point::delay: {
      if (!refused) return "no delay holds for it";
      std::uint16_t seconds = site.model().policy.delay_seconds;
      if (plan_.network != nullptr) seconds = plan_.network->delay_seconds.value_or(seconds);
      return fmt::format("strangers are answered after {} seconds here, and it has been asking for {}",
                         seconds, facts_.seconds_asking);
    }
    default:
      return "";
  }
}

std::string Words::terms(const policy::Deployment& deployment) const {
  const std::string_view to =
      deployment.purpose == policy::Purpose::required ? "required for" : "available to";
  return std::visit(base::Overloaded{
                        [&](const policy::ToCollection& target) {
                          return fmt::format("{} {}", to, quoted(Kind::collection, target.id));
                        },
                        [&](const policy::ToDevice& target) {
                          return fmt::format("{} {}", to, quoted(Kind::device, target.id));
                        },
                        [&](const policy::ToUnknown&) { return fmt::format("{} unknown machines", to); },
                        [&](const policy::ToAll&) { return fmt::format("{} all machines", to); },
                    },
                    deployment.target);
}

std::string Words::deployment(const policy::Considered& entry) const {
  const policy::Snapshot& site = names_.snapshot();
  const std::string name = quoted(Kind::deployment, entry.subject);
  const policy::Deployment* const it = deployment_of(site, entry.subject);
  if (it == nullptr) return name;
  const policy::Image* const image = image_of(site, *it);
  switch (entry.detail) {
    case Detail::for_unknown_only:
      return fmt::format("{} is for unknown machines only, and {} is known", name, who());
    case Detail::condition:
      return fmt::format("{}: its condition does not hold for {}: {}", name, who(),
                         it->condition ? it->condition->print() : "");
    case Detail::disabled:
      return fmt::format("{} is switched off", name);
    case Detail::not_yet:
      return fmt::format("{} begins at {}", name, print_time(it->from.value_or(0)));
    case Detail::over:
      return fmt::format("{} ended at {}", name, print_time(it->until.value_or(0)));
    case Detail::outside_maintenance:
      return fmt::format("{} is required, and it is none of the maintenance windows of network «{}»", name,
                         plan_.network != nullptr ? plan_.network->name : "");
    case Detail::done:
      return fmt::format("{} is done on {}", name, who());
    case Detail::run_held:
      return fmt::format("{} failed or fell silent too often on {}: it waits for an administrator", name,
                         who());
    case Detail::image_gone:
      return fmt::format("{} needs an image or a task sequence that is not there", name);
    case Detail::image_draft:
      return fmt::format("{} boots «{}», which is a draft: `bootferry image publish` lets machines have it",
                         name, image != nullptr ? image->name : "");
    case Detail::image_withdrawn:
      return fmt::format("{} boots «{}», which was withdrawn: `bootferry image publish` brings it back", name,
                         image != nullptr ? image->name : "");
    case Detail::image_not_here:
      return fmt::format(
          "{} boots «{}», whose files are not all on this server: `bootferry check` names them", name,
          image != nullptr ? image->name : "");
    case Detail::image_not_for_arch:
      return fmt::format(
          "{} boots «{}», which is built for {}, and {} has {}", name, image != nullptr ? image->name : "",
          image != nullptr ? policy::print(image->arch) : "", who(),
          policy::print(facts_.processor && facts_.arch == policy::Arch::bios ? *facts_.processor
                                                                              : facts_.arch));
    case Detail::comes_later:
      return fmt::format("{}, {}, comes after those that were chosen", name, terms(*it));
    case Detail::chosen:
      return fmt::format("{}, {}, is chosen", name, terms(*it));
    case Detail::offered:
      return fmt::format("{}, {}, is offered in the menu", name, terms(*it));
    default:
      return name;
  }
}

std::string Words::image_override(const policy::Considered& entry) const {
  const std::string image = quoted(Kind::image, entry.subject);
  switch (entry.detail) {
    case Detail::image_gone:
      return fmt::format("the image that {} is given by its record is not there", who());
    case Detail::image_draft:
      return fmt::format("{} is given {} by its record, which is a draft", who(), image);
    case Detail::image_withdrawn:
      return fmt::format("{} is given {} by its record, which was withdrawn", who(), image);
    case Detail::image_not_here:
      return fmt::format("{} is given {} by its record, whose files are not all on this server", who(),
                         image);
    case Detail::image_not_for_arch:
      return fmt::format("{} is given {} by its record, which is built for another architecture", who(),
                         image);
    default:
      return fmt::format("{} is given {} by its record, whatever is deployed", who(), image);
  }
}

std::string Words::program() const {
  if (!facts_.firmware_known)
    return "its boot program depends on its firmware and architecture, which are not known";
  if (const auto* reason = std::get_if<policy::Reason>(&answer_.step)) {
    return fmt::format("there is no boot program for it: {}", policy::print(*reason));
  }
  const auto& step = std::get<policy::Step>(answer_.step);
  switch (step.kind) {
    case policy::StepKind::loader:
      return fmt::format("its boot program is {}", step.path);
    case policy::StepKind::script:
      return "its iPXE gets a script";
    case policy::StepKind::menu:
      return "its firmware shows a menu by itself";
    case policy::StepKind::wait:
      return "its WDS boot program is told to wait";
    case policy::StepKind::abort:
      return step.path.empty() ? "its WDS boot program is told to give up"
                               : fmt::format("its WDS boot program is told to give up by {}", step.path);
    case policy::StepKind::refer:
      break;
  }
  return fmt::format("its boot program is {} of server «{}»", step.path,
                     step.server != nullptr ? step.server->name : "");
}

}  // namespace api
