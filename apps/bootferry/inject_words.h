// SPDX-License-Identifier: GPL-3.0-or-later
// What people and scripts are told of an injection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/json.h"
#include "bootimage/inject_plan.h"

namespace cli {

struct Injected {
  bootimage::InjectWish wish;
  format::WimFacts facts;  // of the image before
  bootimage::InjectPlan plan;
  std::uint64_t size = 0;  // octets of the changed image file
};

std::vector<std::string> inject_warnings(const Injected& injected);
std::string show_injected(const Injected& injected);
api::Json injected_json(const Injected& injected);

}  // namespace cli
