// SPDX-License-Identifier: GPL-3.0-or-later
// Decisions in words: what becomes of a machine, why, and what to do about it. For people who
// ask without sending a packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/json.h"
#include "api/names.h"
#include "base/result.h"
#include "policy/decide.h"
#include "policy/next_step.h"

namespace api {

// Who is asked about. What is not said of a machine is not known, and rules about it match
// nothing: {"mac"|"uuid", "arch", "firmware", "client", "relay", "network", "vendor_class",
// "circuit_id", "seconds_asking", "at"}. A BIOS machine's "arch" is its processor's.
struct Question {
  policy::Facts facts;             // a machine without an address has zeros for one
  std::optional<std::int64_t> at;  // Unix seconds; nothing: now
};
base::Result<Question, Fault> question_from_json(const Json& object);

// {"machine", "outcome", "summary", "reason"?, "hint"?, "image"?, "deployment"?,
// "task_sequence"?, "menu"? (each with "deployment" and "image"), "device"?, "step"?,
// "considered": [{"point", "verdict", "detail"?, "subject"?, "text"}], "left_out"}.
// `names` must be of the snapshot that the answer came from.
Json explanation(const policy::Facts& facts, const policy::Answer& answer, const Names& names);
// For a terminal, from the same; ends in a line break. What is not an explanation's shape is
// left out.
std::string explanation_text(const Json& explanation);

// "boots debian", "aborted: nothing-to-do": for lists of machines.
std::string in_short(const policy::Plan& plan);

}  // namespace api
