// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/compare.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/explanation.h"

namespace api {
namespace {

// The first ones by name of however many, in bounded memory.
class FirstByName {
 public:
  explicit FirstByName(Comparison& out) : out_(out) {}
  void add(Comparison::Machine machine) {
    if (out_.machines.size() == Comparison::capacity) {
      ++out_.more;
      if (!before(machine, out_.machines.front())) return;
      std::ranges::pop_heap(out_.machines, before);
      out_.machines.pop_back();
    }
    out_.machines.push_back(std::move(machine));
    std::ranges::push_heap(out_.machines, before);
  }
  void finish() { std::ranges::sort_heap(out_.machines, before); }

 private:
  static bool before(const Comparison::Machine& a, const Comparison::Machine& b) {
    return a.device < b.device;
  }
  Comparison& out_;
};

}  // namespace

policy::Facts facts_of_record(const policy::Device& device) {
  policy::Facts facts;
  if (!device.macs.empty()) facts.mac = device.macs.front();
  facts.uuid = device.uuid;
  facts.firmware_known = false;
  return facts;
}

Comparison compare(const policy::Snapshot& now, const policy::Snapshot& then, const policy::Now& at,
                   const FactsOf& facts_of) {
  Comparison out;
  FirstByName differing(out);
  const auto ask = [&](const policy::Device& device) {
    const policy::Facts facts = facts_of(device);
    std::string today = in_short(policy::decide(facts, now, at));
    std::string tomorrow = in_short(policy::decide(facts, then, at));
    ++out.compared;
    if (today != tomorrow) differing.add({device.name, std::move(today), std::move(tomorrow)});
  };
  now.each_device(ask);
  then.each_device([&](const policy::Device& device) {
    if (now.device(device.id) == nullptr) ask(device);
  });
  differing.finish();
  return out;
}

Json to_json(const Comparison& comparison) {
  Json machines = Json::array();
  for (const auto& [device, now, then] : comparison.machines)
    machines.push_back({{"device", device}, {"now", now}, {"then", then}});
  Json out = {{"machines", std::move(machines)}, {"compared", comparison.compared}};
  if (comparison.more != 0) out["more"] = comparison.more;
  return out;
}

}  // namespace api
