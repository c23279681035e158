// SPDX-License-Identifier: GPL-3.0-or-later
// Any text as a model, for a site that has some records. Properties: it is refused with a field
// and words, or the site that its plan
// makes prints a text that makes the same site out of nothing but the images.
#include "api/model_text.h"
#include "store/after_batch.h"

#include <memory>

#include <nlohmann/json.hpp>
#include "api/json.h"
#include "api/record_json.h"
#include "base/bytes.h"
#include "base/result.h"

namespace {

policy::Snapshot small_site() {
  policy::SiteModel model;
  policy::Image debian;
  debian.id = 1;
  debian.name = "debian";
  model.images = {debian};
  policy::Collection lab;
  lab.id = 1;
  lab.name = "lab";
  model.collections = {lab};
  policy::Deployment deployment;
  deployment.id = 1;
  deployment.name = "all";
  deployment.what = policy::ToBoot{1};
  deployment.target = policy::ToCollection{1};
  model.deployments = {deployment};
  policy::Device pc;
  pc.id = 1;
  pc.name = "pc-1";
  pc.macs = {base::Mac{{0x52, 0x54, 0, 0, 0, 1}}};
  pc.collections = {1};
  policy::DeviceExtras more;
  more.runs = {{1, policy::RunEnd::done}};
  pc.more = std::make_shared<const policy::DeviceExtras>(more);
  return policy::Snapshot::make(model, {pc}).value();
}

// A site with the same images and nothing else.
policy::Snapshot images_of(const policy::Snapshot& site) {
  policy::SiteModel model;
  model.images = site.model().images;
  return policy::Snapshot::make(model, {}).value();
}

void try_on(const policy::Snapshot& site, std::string_view text, api::Unnamed unnamed) {
  const auto plan = api::plan_model(text, site, unnamed, 7);
  if (!plan) {
    BOOTFERRY_CHECK(!plan.error().what.empty());
    static_cast<void>(api::print_json(plan.error().what + plan.error().field));
    return;
  }
  BOOTFERRY_CHECK(plan->created.size() + plan->changed.size() + plan->removed.size() <=
                  plan->batch.steps.size());
  // Two devices of one address are the store's to refuse; here one of them loses it.
  const auto then = store::imagine(site, plan->batch);
  if (!then) return;
  const std::string printed = api::print_model(*then);
  const policy::Snapshot other = images_of(site);
  const auto again = api::plan_model(printed, other, api::Unnamed::removed, 8);
  if (!again) {
    // What stays may refer to what went: that, too, is the store's to refuse.
    BOOTFERRY_CHECK(again.error().what.starts_with("there is no ") ||
                    again.error().what.ends_with("one of them"));
    return;
  }
  const auto same = store::imagine(other, again->batch);
  BOOTFERRY_CHECK(same && api::print_model(*same) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const policy::Snapshot site = small_site();
  static const policy::Snapshot empty;
  const std::string_view text = base::as_text({data, size});
  try_on(site, text, api::Unnamed::removed);
  try_on(site, text, api::Unnamed::kept);
  try_on(empty, text, api::Unnamed::removed);
  return 0;
}
