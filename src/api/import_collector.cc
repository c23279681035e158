// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/import_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/shape.h"

namespace api {

namespace {

constexpr std::size_t max_devices = 1'000'000;  // of one file
constexpr std::size_t longest_fault = 500;      // octets: what a file holds may be in it

}  // namespace

void LineFaults::add(std::size_t line, std::string what) {
  if (what.size() > longest_fault) {
    std::size_t end = longest_fault;
    while (end > 0 && (static_cast<unsigned char>(what[end]) & 0xc0) == 0x80) --end;  // within a character
    what.resize(end);
    what += " …";
  }
  if (lines.size() < capacity) {
    lines.push_back({line, std::move(what)});
  } else {
    ++more;
  }
}

std::string Collector::called(const ImportedDevice& device) const {
  if (!device.name.empty()) return fmt::format("\"{}\"", device.name);
  if (!device.macs.empty()) return device.macs.front().print();
  return device.uuid ? device.uuid->print() : "a machine";
}

std::optional<std::string> Collector::what_is_wrong(const ImportedDevice& device) const {
  const bool control = std::ranges::any_of(
      device.name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (device.name.size() > store::max_name || control)
    return fmt::format("a name is one line of at most {} octets", store::max_name);
  if (device.macs.empty() && !device.uuid)
    return fmt::format("{} has neither a hardware address nor a UUID", called(device));
  if (std::max(device.macs.size(), device.collections.size()) > store::max_list)
    return fmt::format("{} has more than {} addresses or collections", called(device), store::max_list);
  for (const base::Mac& mac : device.macs) {
    if (mac.is_zero() || mac.is_group())
      return fmt::format("{} is not the address of a machine", mac.print());
  }
  if (device.uuid && device.uuid->is_blank()) return "a UUID of zeros or ones names no machine: leave it out";
  return std::nullopt;
}

void Collector::add(ImportedDevice device) {
  const std::size_t line = device.line;
  if (auto wrong = what_is_wrong(device)) return fault(line, std::move(*wrong));
  auto& devices = imported_.devices;
  std::optional<std::size_t> same;
  const auto look = [&](const auto& map, const auto& key) {
    if (const auto found = map.find(key); !same && found != map.end()) same = found->second;
  };
  if (!device.name.empty()) look(by_name_, folded(device.name));
  const bool by_name = same.has_value();
  for (const base::Mac& mac : device.macs) look(by_mac_, mac);
  if (device.uuid) look(by_uuid_, *device.uuid);
  // An entry without a name joins whoever has its address; one with another name does not.
  if (same && !by_name && !device.name.empty() && !devices[*same].name.empty()) same.reset();
  if (!same && devices.size() == max_devices)
    return fault(line, fmt::format("these are more than {} machines: import them in parts", max_devices));
  if (!same) {
    devices.emplace_back();
    devices.back().line = line;
    same = devices.size() - 1;
  }
  claim(*same, device);
}

void Collector::claim(std::size_t index, ImportedDevice& device) {
  ImportedDevice& known = imported_.devices[index];
  const auto taken = [&](std::size_t owner, const std::string& what) {
    if (owner == index) return false;
    const ImportedDevice& other = imported_.devices[owner];
    fault(device.line,
          fmt::format("{} has {} of {} in line {}", called(device), what, called(other), other.line));
    return true;
  };
  for (const base::Mac& mac : device.macs) {
    if (taken(by_mac_.try_emplace(mac, index).first->second, "the hardware address " + mac.print())) return;
  }
  if (device.uuid &&
      taken(by_uuid_.try_emplace(*device.uuid, index).first->second, "the UUID " + device.uuid->print()))
    return;
  if (known.name.empty() && !device.name.empty()) {
    known.name = device.name;
    by_name_.emplace(folded(device.name), index);
  }
  join(known, device);
}

void Collector::join(ImportedDevice& known, ImportedDevice& more) {
  if (std::max({known.macs.size() + more.macs.size(), known.collections.size() + more.collections.size(),
                known.variables.size() + more.variables.size()}) > store::max_list) {
    return fault(more.line, fmt::format("{} has more than {} of something", called(known), store::max_list));
  }
  for (const base::Mac& mac : more.macs) {
    if (std::ranges::find(known.macs, mac) == known.macs.end()) known.macs.push_back(mac);
  }
  for (std::string& collection : more.collections) {
    if (std::ranges::find(known.collections, collection) == known.collections.end())
      known.collections.push_back(std::move(collection));
  }
  const auto differs = [&](std::string_view what) {
    fault(more.line, fmt::format("{} has another {} in line {}", called(known), what, known.line));
  };
  const auto settle = [&](auto& mine, auto& theirs, const auto& none, std::string_view what) {
    if (theirs == none || theirs == mine) return;
    if (mine != none) return differs(what);
    mine = std::move(theirs);
  };
  settle(known.uuid, more.uuid, std::optional<base::Uuid>(), "UUID");
  settle(known.state, more.state, std::optional<policy::DeviceState>(), "state");
  settle(known.image, more.image, std::string(), "image");
  settle(known.program, more.program, std::string(), "boot program");
  settle(known.referral, more.referral, std::string(), "referral");
  for (auto& [name, value] : more.variables) {
    const auto found = std::ranges::find(known.variables, name, &std::pair<std::string, std::string>::first);
    if (found == known.variables.end()) {
      known.variables.emplace_back(std::move(name), std::move(value));
    } else if (found->second != value) {
      differs(fmt::format("value of variable \"{}\"", found->first));
    }
  }
}

base::Result<Imported, LineFaults> Collector::finish() && {
  if (faults_.empty() && imported_.devices.empty()) {
    faults_.add(0, "there is no machine in it that could be booted");
    for (LineFault& each : imported_.passed_over.lines) faults_.add(each.line, std::move(each.what));
  }
  if (!faults_.empty()) return tl::unexpected(std::move(faults_));
  return std::move(imported_);
}

}  // namespace api
