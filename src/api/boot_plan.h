// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine that boots may read about itself over the boot surface. Nothing in it is secret:
// whoever claims a machine's address may have been given its token.
#pragma once

#include <string>

#include "policy/run.h"

namespace api {

struct BootPlan {
  std::string device, deployment, image, task_sequence;  // names; a task sequence may be missing
  policy::RunState state = policy::RunState::offered;
};
// One line of JSON: {"device":"pc-7","deployment":"lab","image":"debian","state":"started"}.
std::string print(const BootPlan& plan);

}  // namespace api
