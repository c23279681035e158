// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/pending_seen.h"

#include <nlohmann/json.hpp>

#include "api/time_text.h"
#include "site/pending_machines.h"

namespace server {

std::map<std::uint32_t, api::Json> seen_of(site::PendingMachines& pending, const policy::Snapshot& snapshot) {
  std::map<std::uint32_t, api::Json> all;
  for (const site::PendingMachine& machine : pending.list(snapshot, base::Clock::now())) {
    if (!machine.seen) continue;
    const policy::Facts& facts = machine.seen->facts;
    api::Json json = {{"first_seen", api::print_time(machine.seen->first)},
                      {"last_seen", api::print_time(machine.seen->last)}};
    if (facts.firmware_known) {
      json["arch"] = policy::print(facts.arch);
      json["firmware"] = policy::print(facts.firmware());
    }
    if (!facts.network.is_zero()) json["network"] = facts.network.print();
    // A packet's octets: only what can be shown.
    std::string vendor;
    for (const char c : facts.vendor_class.view()) {
      if (c >= ' ' && c <= '~') vendor += c;
    }
    if (!vendor.empty()) json["vendor_class"] = vendor;
    all[machine.request] = std::move(json);
  }
  return all;
}

}  // namespace server
