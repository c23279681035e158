// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "api/explanation_words.h"
#include "base/overloaded.h"

namespace api {
namespace {

using store::Kind;

Json machine_json(const policy::Facts& facts) {
  Json out = Json::object();
  if (!facts.mac.is_zero()) out["mac"] = facts.mac.print();
  if (facts.uuid) out["uuid"] = facts.uuid->print();
  if (facts.firmware_known) {
    out["arch"] = policy::print(facts.arch);
    out["firmware"] = policy::print(facts.firmware());
    out["client"] = policy::print(facts.kind);
  }
  if (facts.processor) out["processor"] = policy::print(*facts.processor);
  if (!facts.relay.is_zero()) out["relay"] = facts.relay.print();
  if (!facts.network.is_zero()) out["network"] = facts.network.print();
  if (!facts.vendor_class.empty()) out["vendor_class"] = facts.vendor_class.view();
  if (!facts.circuit_id.empty()) out["circuit_id"] = facts.circuit_id.view();
  return out;
}

std::string_view word_of(const policy::Outcome& outcome) {
  return std::visit(base::Overloaded{
                        [](const policy::Silent&) { return "silent"; },
                        [](const policy::Abort&) { return "abort"; },
                        [](const policy::Boot&) { return "boot"; },
                        [](const policy::Menu&) { return "menu"; },
                        [](const policy::AskApproval&) { return "ask-approval"; },
                        [](const policy::Refer&) { return "refer"; },
                    },
                    outcome);
}

std::string what(const policy::Choice& choice) {
  if (choice.image == nullptr) return "its boot program alone";
  if (choice.task_sequence == nullptr) return choice.image->name;
  return fmt::format("{} for task sequence «{}»", choice.image->name, choice.task_sequence->name);
}

std::string_view asking(policy::Prompting prompt) {
  switch (prompt) {
    case policy::Prompting::opt_in:
      return " when a key is pressed";
    case policy::Prompting::opt_out:
      return " unless a key is pressed";
    case policy::Prompting::none:
      break;
  }
  return "";
}

std::string listed(const policy::Menu& menu) {
  std::string out;
  for (const policy::Choice& choice : menu.entries()) out += (out.empty() ? "" : ", ") + what(choice);
  return out;
}

// What was refused says most; else the first deployment that did not apply.
std::string why_nothing(const policy::Plan& plan, const Words& words) {
  if (plan.reason() == policy::Reason::identity_conflict) {
    return fmt::format("its hardware address is that of device «{}» and its UUID that of device «{}»",
                       plan.identity.device->name, plan.identity.other->name);
  }
  std::string why;
  for (const policy::Considered& entry : plan.trail.entries()) {
    if (entry.verdict == policy::Verdict::refused) why = words.text(entry);
    if (entry.point == policy::Point::deployment && why.empty()) why = words.text(entry);
  }
  if (!why.empty() || !plan.reason()) return why;
  const std::string_view sentence = policy::explain(*plan.reason());
  return std::string(sentence.substr(0, sentence.find(": ")));  // what to do is the hint's
}

std::string summary(const policy::Answer& answer, const Words& words) {
  const policy::Plan& plan = answer.plan;
  return std::visit(
      base::Overloaded{
          [&](const policy::Silent&) {
            return fmt::format("gets no answer, because {}", why_nothing(plan, words));
          },
          [&](const policy::Abort&) {
            return fmt::format("goes on to its disk, because {}", why_nothing(plan, words));
          },
          [&](const policy::Boot& boot) {
            const std::string how = what(boot.choice) + std::string(asking(boot.prompt));
            if (boot.choice.deployment == nullptr)
              return fmt::format("boots {}, because its record says so", how);
            return fmt::format("boots {}, because deployment «{}» is {}", how, boot.choice.deployment->name,
                               words.terms(*boot.choice.deployment));
          },
          [&](const policy::Menu& menu) {
            const policy::Choice& first = menu.entries().front();
            return fmt::format(
                "offers a menu of {}, {} first, because deployment «{}» comes before the others",
                menu.entries().size(), what(first),
                first.deployment != nullptr ? first.deployment->name : "");
          },
          [&](const policy::AskApproval& ask) {
            if (ask.device == nullptr)
              return std::string("is recorded and waits for an administrator's approval");
            return fmt::format("waits for an administrator's approval, request {}", ask.device->request);
          },
          [&](const policy::Refer& refer) {
            return fmt::format("is sent to server «{}» by referral «{}»", refer.server->name,
                               refer.referral->name);
          },
      },
      plan.outcome);
}

std::string hint(const policy::Answer& answer, const std::optional<policy::Reason>& reason) {
  if (reason) return std::string(policy::explain(*reason));
  if (const auto* ask = std::get_if<policy::AskApproval>(&answer.plan.outcome)) {
    return ask->device == nullptr
               ? "`bootferry pending watch` shows it once it has asked"
               : fmt::format("`bootferry pending approve {}` lets it boot", ask->device->request);
  }
  return "";
}

Json step_json(const policy::Step& step) {
  switch (step.kind) {
    case policy::StepKind::loader:
      return {{"kind", "loader"}, {"path", step.path}};
    case policy::StepKind::script:
      return {{"kind", "script"}};
    case policy::StepKind::menu:
      return {{"kind", "menu"}};
    case policy::StepKind::wait:
      return {{"kind", "wait"}};
    case policy::StepKind::abort:
      return step.path.empty() ? Json{{"kind", "abort"}} : Json{{"kind", "abort"}, {"path", step.path}};
    case policy::StepKind::refer:
      break;
  }
  Json out = {{"kind", "refer"}, {"path", step.path}};
  if (step.server != nullptr) out["server"] = step.server->name;
  return out;
}

Json entry_json(const policy::Considered& entry, const Words& words, const Names& names) {
  Json out = {{"point", policy::print(entry.point)},
              {"verdict", policy::print(entry.verdict)},
              {"text", words.text(entry)}};
  if (entry.detail != policy::Detail::none) out["detail"] = policy::print(entry.detail);
  const auto kind = Words::subject_kind(entry.point);
  if (kind && entry.subject != 0)
    out["subject"] = {{"kind", store::print(*kind)}, {"name", names.name(*kind, entry.subject)}};
  return out;
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Json explanation(const policy::Facts& facts, const policy::Answer& answer, const Names& names) {
  const policy::Plan& plan = answer.plan;
  const Words words(facts, answer, names);
  Json out = {{"machine", machine_json(facts)}, {"outcome", word_of(plan.outcome)}};
  // Without knowing its firmware nobody can say which program a machine gets, nor that none is there.
  const auto* const no_step = facts.firmware_known ? std::get_if<policy::Reason>(&answer.step) : nullptr;
  const auto* const step = facts.firmware_known ? std::get_if<policy::Step>(&answer.step) : nullptr;
  std::optional<policy::Reason> reason = plan.reason();
  out["summary"] = summary(answer, words);
  if (!reason && no_step != nullptr) {
    reason = *no_step;
    out["summary"] =
        fmt::format("{}; but it gets no boot program: {}", summary(answer, words), policy::print(*reason));
  }
  if (reason) out["reason"] = policy::print(*reason);
  if (std::string text = hint(answer, reason); !text.empty()) out["hint"] = std::move(text);
  if (step != nullptr) out["step"] = step_json(*step);
  if (plan.identity.device != nullptr) out["device"] = plan.identity.device->name;
  const policy::Choice* choice = nullptr;
  if (const auto* boot = plan.boot()) choice = &boot->choice;
  if (const auto* menu = plan.menu()) {
    choice = &menu->entries().front();
    Json entries = Json::array();
    for (const policy::Choice& each : menu->entries())
      entries.push_back({{"deployment", each.deployment != nullptr ? each.deployment->name : ""},
                         {"image", each.image != nullptr ? each.image->name : ""}});
    out["menu"] = std::move(entries);
  }
  if (choice != nullptr && choice->image != nullptr) out["image"] = choice->image->name;
  if (choice != nullptr && choice->deployment != nullptr) out["deployment"] = choice->deployment->name;
  if (choice != nullptr && choice->task_sequence != nullptr)
    out["task_sequence"] = choice->task_sequence->name;
  Json considered = Json::array();
  for (const policy::Considered& entry : plan.trail.entries())
    considered.push_back(entry_json(entry, words, names));
  out["considered"] = std::move(considered);
  out["left_out"] = plan.trail.left_out();
  return out;
}

std::string explanation_text(const Json& explanation) {
  std::string out;
  const Json none = Json::object();
  const auto member = [&](const char* name) -> const Json& {
    const auto found = explanation.is_object() ? explanation.find(name) : explanation.end();
    return explanation.is_object() && found != explanation.end() ? *found : none;
  };
  std::string who = text_of(explanation, "device");
  if (who.empty()) who = text_of(member("machine"), "mac");
  if (who.empty()) who = text_of(member("machine"), "uuid");
  out += fmt::format("{} {}\n", who, text_of(explanation, "summary"));
  if (const std::string text = text_of(explanation, "hint"); !text.empty())
    out += fmt::format("  {}\n", text);
  const auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<13} {}\n", name, value);
  };
  out += "\n";
  for (const char* name : {"mac", "uuid", "arch", "processor", "firmware", "client", "relay", "network",
                           "vendor_class", "circuit_id"})
    line(name, text_of(member("machine"), name));
  line("boot program", text_of(member("step"), "path"));
  out += "\n";
  struct Mark {
    std::string_view verdict, mark;
  };
  constexpr Mark marks[] = {{"applied", "yes"}, {"did-not-apply", "-"}, {"refused", "NO"}};
  for (const Json& entry : member("considered")) {
    const std::string verdict = text_of(entry, "verdict");
    const auto* const mark = std::ranges::find(marks, std::string_view(verdict), &Mark::verdict);
    out += fmt::format("  {:<3}  {:<16} {}\n", mark == std::end(marks) ? "?" : mark->mark,
                       text_of(entry, "point"), text_of(entry, "text"));
  }
  const Json& left_out = member("left_out");
  if (left_out.is_number_unsigned() && left_out != 0)
    out += fmt::format("       and {} more that did not apply\n", left_out.get<std::uint64_t>());
  return out;
}

std::string in_short(const policy::Plan& plan) {
  const auto by = [](std::string_view program) {
    return program.empty() ? std::string() : fmt::format(" by {}", program);
  };
  return std::visit(
      base::Overloaded{
          [](const policy::Silent& silent) { return fmt::format("not answered: {}", print(silent.reason)); },
          [](const policy::Abort& abort) { return fmt::format("aborted: {}", print(abort.reason)); },
          [&](const policy::Boot& boot) {
            return fmt::format("boots {}{}{}", what(boot.choice), asking(boot.prompt), by(boot.program));
          },
          [&](const policy::Menu& menu) {
            return fmt::format("menu of {}{}{}", listed(menu),
                               menu.prompt == policy::Prompting::opt_out ? ", the first by itself" : "",
                               by(menu.program));
          },
          [](const policy::AskApproval&) { return std::string("waits for approval"); },
          [](const policy::Refer& refer) {
            return fmt::format("sent to {} for {}", refer.server->name, refer.file);
          },
      },
      plan.outcome);
}

}  // namespace api
