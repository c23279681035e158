// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "api/import_collector.h"
#include "api/import_text.h"
#include "store/shape.h"

namespace api {
namespace {

using store::Kind;

constexpr std::array<std::pair<ImportFormat, std::string_view>, 5> formats = {{
    {ImportFormat::csv, "csv"},
    {ImportFormat::wds, "wds"},
    {ImportFormat::dnsmasq, "dnsmasq"},
    {ImportFormat::isc, "isc"},
    {ImportFormat::kea, "kea"},
}};

// What administrators never named: it asked by itself, or was deployed to by its address.
bool is_nameless(const policy::Device& device) {
  return device.state == policy::DeviceState::pending ||
         (!device.macs.empty() && device.name == device.macs.front().print_dashed());
}

class Planner {
 public:
  Planner(std::string_view collection, const Names& names) : names_(names) {
    if (!collection.empty()) into_ = id_of(Kind::collection, collection, 0);
    plan_.batch.verb = "imported";
  }

  base::Result<ImportPlan, LineFaults> plan(const std::vector<ImportedDevice>& devices) {
    for (const ImportedDevice& device : devices) take(device);
    if (!faults_.empty()) return tl::unexpected(std::move(faults_));
    return std::move(plan_);
  }

 private:
  // Looked up once each: a hundred thousand lines name a handful.
  std::int64_t id_of(Kind kind, std::string_view name, std::size_t line) {
    const auto [found, is_new] = ids_.try_emplace({kind, std::string(name)}, 0);
    if (is_new) found->second = names_.find(kind, name).value_or(0);
    if (found->second == 0) faults_.add(line, fmt::format("there is no {} \"{}\"", print(kind), name));
    return found->second;
  }

  static std::string name_of(const ImportedDevice& device) {
    if (!device.name.empty()) return device.name;
    return device.macs.empty() ? device.uuid->print() : device.macs.front().print_dashed();
  }

  void take(const ImportedDevice& from) {
    const std::size_t faults_before = faults_.lines.size() + faults_.more;
    const policy::Device* const present = find(from);
    policy::Device next = present != nullptr ? *present : policy::Device{};
    if (present == nullptr || (!from.name.empty() && is_nameless(*present))) next.name = name_of(from);
    if (present != nullptr) claim(*present, from);
    addresses(from, next);
    if (from.state || next.state == policy::DeviceState::pending) {
      next.state = from.state.value_or(policy::DeviceState::approved);
      next.request = 0;
    }
    for (const std::string& name : from.collections)
      next.collections.push_back(id_of(Kind::collection, name, from.line));
    if (into_ != 0) next.collections.push_back(into_);
    extras(from, next);
    store::Record record = std::move(next);
    store::tidy(record);
    if (faults_.lines.size() + faults_.more != faults_before) return;
    if (const auto good = store::check(record); !good) return faults_.add(from.line, good.error().what);
    if (present != nullptr && std::get<policy::Device>(record) == *present) {
      ++plan_.unchanged;
      return;
    }
    ++(present != nullptr ? plan_.changed : plan_.created);
    plan_.batch.steps.emplace_back(store::Put{std::move(record), {}});
  }

  // The device that is meant: by its name; else by what it has, if it had no name so far.
  const policy::Device* find(const ImportedDevice& from) const {
    const policy::Snapshot& site = names_.snapshot();
    if (const auto id = names_.find_named(Kind::device, name_of(from))) return site.device(*id);
    const policy::Device* owner = nullptr;
    for (const base::Mac& mac : from.macs) {
      if (owner == nullptr) owner = site.device(mac);
    }
    if (owner == nullptr && from.uuid) owner = site.device(*from.uuid);
    return owner != nullptr && (from.name.empty() || is_nameless(*owner)) ? owner : nullptr;
  }

  void claim(const policy::Device& present, const ImportedDevice& from) {
    const auto [found, is_new] = claimed_.try_emplace(present.id, from.line);
    if (!is_new)
      faults_.add(from.line,
                  fmt::format("this is device \"{}\", and so is line {}", present.name, found->second));
  }

  void addresses(const ImportedDevice& from, policy::Device& next) {
    const policy::Snapshot& site = names_.snapshot();
    const auto is_anothers = [&](const policy::Device* owner, const std::string& what) {
      if (owner == nullptr || owner->id == next.id) return false;
      faults_.add(from.line, fmt::format("{} belongs to device \"{}\" already", what, owner->name));
      return true;
    };
    for (const base::Mac& mac : from.macs) {
      if (is_anothers(site.device(mac), "the hardware address " + mac.print())) return;
      if (std::ranges::find(next.macs, mac) == next.macs.end()) next.macs.push_back(mac);
    }
    if (!from.uuid || is_anothers(site.device(*from.uuid), "the UUID " + from.uuid->print())) return;
    if (next.uuid && *next.uuid != *from.uuid) {
      return faults_.add(from.line,
                         fmt::format("device \"{}\" has the UUID {} already", next.name, next.uuid->print()));
    }
    next.uuid = from.uuid;
  }

  void extras(const ImportedDevice& from, policy::Device& next) {
    if (from.image.empty() && from.program.empty() && from.referral.empty() && from.variables.empty()) return;
    policy::DeviceExtras more = next.extras();
    if (!from.image.empty()) more.image = id_of(Kind::image, from.image, from.line);
    if (!from.program.empty())
      more.program = names_.name(Kind::program, id_of(Kind::program, from.program, from.line));
    if (!from.referral.empty()) more.referral = id_of(Kind::referral, from.referral, from.line);
    more.variables.insert(more.variables.end(), from.variables.begin(), from.variables.end());
    next.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
  }

  const Names& names_;
  std::int64_t into_ = 0;
  std::map<std::pair<Kind, std::string>, std::int64_t> ids_;
  std::unordered_map<std::int64_t, std::size_t> claimed_;  // devices that are there, by their lines
  LineFaults faults_;
  ImportPlan plan_;
};

}  // namespace

std::string_view print(ImportFormat format) {
  for (const auto& [value, name] : formats) {
    if (value == format) return name;
  }
  return "unknown";
}

std::optional<ImportFormat> parse_import_format(std::string_view text) {
  for (const auto& [value, name] : formats) {
    if (name == text) return value;
  }
  return std::nullopt;
}

base::Result<Imported, LineFaults> parse_import(ImportFormat format, std::string_view text) {
  const auto decoded = decode_text(text);
  if (!decoded) {
    LineFaults faults;
    faults.add(decoded.error().line, decoded.error().what);
    return tl::unexpected(std::move(faults));
  }
  switch (format) {
    case ImportFormat::csv:
      return read_csv(*decoded);
    case ImportFormat::wds:
      return read_wds(*decoded);
    case ImportFormat::dnsmasq:
      return read_dnsmasq(*decoded);
    case ImportFormat::isc:
      return read_isc(*decoded);
    case ImportFormat::kea:
      break;
  }
  return read_kea(*decoded);
}

base::Result<ImportPlan, LineFaults> plan_import(const std::vector<ImportedDevice>& devices,
                                                 std::string_view collection, const Names& names) {
  return Planner(collection, names).plan(devices);
}

}  // namespace api
