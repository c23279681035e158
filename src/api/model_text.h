// SPDX-License-Identifier: GPL-3.0-or-later
// The whole model as text, for version control and for another server: JSON, one record a line,
// each behind what it refers to. docs/formats/model-text.md is its page.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "api/names.h"
#include "base/result.h"
#include "policy/snapshot.h"
#include "store/records.h"

namespace api {

inline constexpr std::string_view model_format = "bootferry-model-1";

// Piece by piece, each some lines long: a million devices need not be in memory as text.
void print_model(const policy::Snapshot& site, const std::function<void(std::string_view piece)>& out);
std::string print_model(const policy::Snapshot& site);

struct Touched {
  store::Kind kind = store::Kind::device;
  std::string name;
  bool operator==(const Touched&) const = default;
};
// What would have to happen for a site to be as a text says.
struct ModelPlan {
  store::Batch batch;  // tidy; ids below 0 for what is new; who and verb are the caller's
  std::vector<Touched> created, changed, removed;
};
enum class Unnamed : std::uint8_t {
  // What the text does not name goes, except images and machines that wait for approval. A kind
  // without a section (and settings, where there are none) stays as it is.
  removed,
  kept,
};
// All faults of form and of reference are found here, the first one is told; contradictions (a
// circle of collections, two devices of one address) are the store's to refuse. A device under a
// new name is the one that has its address, if that one is named nowhere. What a machine has
// done is never undone by an older text: runs, and approvals, of devices that are there stay.
// `now`: when deployments were created that do not say.
base::Result<ModelPlan, Fault> plan_model(std::string_view text, const policy::Snapshot& site,
                                          Unnamed unnamed, std::int64_t now);

}  // namespace api
