// SPDX-License-Identifier: GPL-3.0-or-later
#include "deploy_target.h"

#include <fmt/format.h>

#include "base/address.h"
#include "records.h"

namespace cli {
namespace {

constexpr std::string_view collection_mark = "collection:";
constexpr std::string_view device_mark = "device:";

// What stands behind a mark.
std::optional<std::string> behind(std::string_view mark, const std::string& typed) {
  if (!typed.starts_with(mark)) return std::nullopt;
  return typed.substr(mark.size());
}

}  // namespace

Json Target::json() const {
  switch (kind) {
    case Kind::all:
      return "all";
    case Kind::unknown:
      return "unknown";
    case Kind::collection:
      return {{"collection", name}};
    case Kind::device:
      return {{"device", name}};
  }
  return {};
}

std::string Target::words() const {
  switch (kind) {
    case Kind::all:
      return "all";
    case Kind::unknown:
      return "unknown";
    case Kind::collection:
      return "collection " + name;
    case Kind::device:
      return name;
  }
  return {};
}

std::string target_fault(const std::string& typed) {
  if (typed.empty()) return "--to: all, unknown, collection:NAME, a MAC address or a device's name is needed";
  if (const auto mac = base::Mac::parse(typed); mac && (mac->is_zero() || mac->is_group()))
    return fmt::format("{}: not the address of a machine", mac->print());
  // Digits and colons are meant for an address, not for a name.
  if (!base::Mac::parse(typed) && typed.find_first_not_of("0123456789abcdefABCDEF:") == std::string::npos &&
      typed.find(':') != std::string::npos)
    return fmt::format("\"{}\" is no MAC address", typed);
  return "";
}

Got<Target> find_target(Site& site, const std::string& typed) {
  if (typed == "all") return Target{Target::Kind::all, ""};
  if (typed == "unknown") return Target{Target::Kind::unknown, ""};
  if (const auto name = behind(collection_mark, typed)) return Target{Target::Kind::collection, *name};
  const std::string name = behind(device_mark, typed).value_or(typed);
  const auto mac = base::Mac::parse(typed);
  const auto device = site.get(path_of("devices", mac ? mac->print() : name));
  if (device) return Target{Target::Kind::device, cell(*device, "name")};
  if (device.error().status == 404 && mac)
    return Target{Target::Kind::device, mac->print_dashed(), mac->print()};
  return tl::unexpected(device.error());
}

Got<std::vector<Json>> deployments_to(Site& site, const Target& target) {
  std::vector<Json> found;
  const Json to = target.json();
  const auto listed = site.each("/v1/deployments", {}, [&](const Json& deployment) {
    if (deployment.value("to", Json()) == to) found.push_back(deployment);
    return true;
  });
  if (!listed) return tl::unexpected(listed.error());
  return found;
}

std::optional<Json> unnamed_among(const std::vector<Json>& deployments, const Target& target) {
  const std::string end = " to " + target.words();
  for (const Json& deployment : deployments) {
    if (cell(deployment, "name").ends_with(end)) return deployment;
  }
  return std::nullopt;
}

}  // namespace cli
