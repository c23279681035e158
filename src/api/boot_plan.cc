// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/boot_plan.h"

#include <nlohmann/json.hpp>

namespace api {

std::string print(const BootPlan& plan) {
  nlohmann::ordered_json out = {
      {"device", plan.device}, {"deployment", plan.deployment}, {"image", plan.image}};
  if (!plan.task_sequence.empty()) out["task_sequence"] = plan.task_sequence;
  out["state"] = policy::print(plan.state);
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace api
