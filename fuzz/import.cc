// SPDX-License-Identifier: GPL-3.0-or-later
// Any file as a list of machines: its first octet says of which format. Properties: it is refused
// with at least one fault, each in words that can be sent as JSON, or each machine is one that a
// record can keep, no address or UUID names two, and planning it a second time on the site that
// it made changes nothing.
#include "api/import.h"

#include <nlohmann/json.hpp>
#include <set>

#include "api/json.h"
#include "api/model_text.h"
#include "base/bytes.h"
#include "store/after_batch.h"
#include "store/shape.h"

namespace {

using api::ImportFormat;

void check_faults(const api::LineFaults& faults) {
  BOOTFERRY_CHECK(!faults.lines.empty() && faults.lines.size() <= api::LineFaults::capacity);
  BOOTFERRY_CHECK(faults.more == 0 || faults.lines.size() == api::LineFaults::capacity);
  for (const auto& [line, what] : faults.lines) {
    BOOTFERRY_CHECK(!what.empty());
    static_cast<void>(api::print_json(what));
  }
}

void check_devices(const api::Imported& imported, std::size_t size) {
  BOOTFERRY_CHECK(!imported.devices.empty());
  std::set<base::Mac> macs;
  std::set<base::Uuid> uuids;
  for (const api::ImportedDevice& device : imported.devices) {
    BOOTFERRY_CHECK(!device.macs.empty() || device.uuid);
    BOOTFERRY_CHECK(device.line >= 1 && device.line <= size + 1);
    for (const base::Mac& mac : device.macs) BOOTFERRY_CHECK(macs.insert(mac).second);
    if (device.uuid) BOOTFERRY_CHECK(uuids.insert(*device.uuid).second);
  }
}

// On a site that knows none of them, nor the records that they name.
void check_plan(std::vector<api::ImportedDevice> devices) {
  for (auto& device : devices) {
    device.collections.clear();
    device.image.clear();
    device.program.clear();
    device.referral.clear();
  }
  const policy::Snapshot empty;
  auto plan = api::plan_import(devices, "", api::Names(empty));
  if (!plan) return check_faults(plan.error());
  std::int64_t id = 0;
  for (store::Step& step : plan->batch.steps) {
    auto& record = std::get<store::Put>(step).record;
    BOOTFERRY_CHECK(store::check(record).has_value());
    store::set_id(record, ++id);
  }
  const auto site = store::imagine(empty, plan->batch);
  BOOTFERRY_CHECK(site && site->device_count() == plan->created);
  const auto again = api::plan_import(devices, "", api::Names(*site));
  // Two that are nameless alike, or one that is called what another's address is, may clash.
  if (!again) return check_faults(again.error());
  BOOTFERRY_CHECK(again->created == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = static_cast<ImportFormat>(data[0] % 5);
  const std::string_view text = base::as_text({data + 1, size - 1});
  const auto imported = api::parse_import(format, text);
  if (!imported) {
    check_faults(imported.error());
    return 0;
  }
  check_devices(*imported, size);
  check_plan(imported->devices);
  return 0;
}
