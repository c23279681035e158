// SPDX-License-Identifier: GPL-3.0-or-later
// Plans as tests compare them: in words.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/overloaded.h"
#include "policy/next_step.h"
#include "policy/plan.h"

namespace policy {

inline std::string in_words(const Choice& choice) {
  std::string out = fmt::format("image={}", choice.image != nullptr ? choice.image->id : 0);
  if (choice.deployment != nullptr) out += fmt::format(" by={}", choice.deployment->id);
  if (choice.task_sequence != nullptr) out += fmt::format(" runs={}", choice.task_sequence->id);
  return out;
}

// What becomes of the machine: "boot image=1 by=2 prompt=none program=x.efi".
inline std::string in_words(const Plan& plan) {
  const auto program = [](std::string_view name) {
    return name.empty() ? std::string() : fmt::format(" program={}", name);
  };
  return std::visit(base::Overloaded{
                        [](const Silent& silent) { return fmt::format("silent {}", print(silent.reason)); },
                        [](const Abort& abort) { return fmt::format("abort {}", print(abort.reason)); },
                        [&](const Boot& boot) {
                          return fmt::format("boot {} prompt={}{}", in_words(boot.choice), print(boot.prompt),
                                             program(boot.program));
                        },
                        [&](const Menu& menu) {
                          std::string out = "menu";
                          for (const Choice& choice : menu.entries())
                            out += fmt::format(" [{}]", in_words(choice));
                          return out + program(menu.program);
                        },
                        [](const AskApproval& ask) {
                          return fmt::format("ask {}", ask.device != nullptr ? ask.device->id : 0);
                        },
                        [](const Refer& refer) {
                          return fmt::format("refer {} to {} for {}", refer.referral->id, refer.server->id,
                                             refer.file);
                        },
                    },
                    plan.outcome);
}

// "deployment did-not-apply disabled 3"
inline std::string in_words(const Considered& entry) {
  std::string line = fmt::format("{} {}", print(entry.point), print(entry.verdict));
  if (entry.detail != Detail::none) line += fmt::format(" {}", print(entry.detail));
  if (entry.subject != 0) line += fmt::format(" {}", entry.subject);
  return line;
}
inline std::vector<std::string> trail_of(const Plan& plan) {
  std::vector<std::string> out;
  for (const Considered& entry : plan.trail.entries()) out.push_back(in_words(entry));
  return out;
}

// A path, "script", "menu", "wait", "give up PATH", "refer PATH", or "!reason".
inline std::string in_words(const std::variant<Step, Reason>& step) {
  return std::visit(base::Overloaded{
                        [](const Step& given) -> std::string {
                          if (given.kind == StepKind::script) return "script";
                          if (given.kind == StepKind::menu) return "menu";
                          if (given.kind == StepKind::wait) return "wait";
                          if (given.kind == StepKind::abort) return "give up " + std::string(given.path);
                          return (given.kind == StepKind::refer ? "refer " : "") + std::string(given.path);
                        },
                        [](Reason reason) { return "!" + std::string(print(reason)); },
                    },
                    step);
}

}  // namespace policy
