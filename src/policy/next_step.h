// SPDX-License-Identifier: GPL-3.0-or-later
// Which program the present speaker gets, to get where its plan leads.
#pragma once

#include <string_view>
#include <variant>

#include "policy/decide.h"

namespace policy {

enum class StepKind : std::uint8_t {
  loader,  // a program file; path is static
  script,  // iPXE script, rendered; the URL carries the MAC
  refer,   // a file of another server
  menu,    // the ROM's own menu (policy/rom_menu.h): no file until somebody has chosen
  wait,    // a WDS boot program waits for an approval by itself: no file
  abort,   // a WDS boot program is told to give up; path: the abort program, or empty
};
struct Step {
  StepKind kind = StepKind::loader;
  std::string_view path = {};          // in the published tree, or on `server`; not of a script, menu, wait
  const BootServer* server = nullptr;  // where a referral leads; a script goes on to it
};
// The next program for who speaks now; or why there is none. One rule keeps chains from
// looping without telling a ROM's iPXE from a chained one, which the wire does not reveal:
// an iPXE that can do HTTP gets a script, everything else the program of its architecture.
// A UEFI iPXE without HTTP is given one with it, which session/attempts allows once. An iPXE that
// is referred to an iPXE gets a script, too: one that goes to the other server's script.
//
// A machine that is to go on to its disk is told so where its speaker can be told: a script, an
// abort program, a WDS boot program's own word for it. A bare ROM without one is left in silence,
// and goes on by itself.
std::variant<Step, Reason> next_step(const Facts& facts, const Plan& plan, const Snapshot& snapshot);

// Both at once, with the program in the plan's trail: what a packet is answered from.
struct Answer {
  Plan plan;
  std::variant<Step, Reason> step;
};
Answer answer(const Facts& facts, const Snapshot& snapshot, const Now& now);

}  // namespace policy
