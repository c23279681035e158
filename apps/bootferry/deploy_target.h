// SPDX-License-Identifier: GPL-3.0-or-later
// Whom a deployment is for, as people type it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "site.h"

namespace cli {

struct Target {
  enum class Kind { all, unknown, collection, device };
  Kind kind = Kind::all;
  std::string name;          // of a collection or a device
  std::string new_mac = {};  // of a machine that is no device yet and shall become one, `name`
  // As the API has it: "all", {"device": "pc-1"}.
  [[nodiscard]] Json json() const;
  // As people say it: «all», «collection lab», «pc-1».
  [[nodiscard]] std::string words() const;
};

// all, unknown, collection:NAME, device:NAME; else a MAC address or a device's name.
// Asks the site which device is meant; what is no address must be there.
Got<Target> find_target(Site& site, const std::string& typed);
// What find_target() would refuse whatever the site holds; empty: nothing.
std::string target_fault(const std::string& typed);

// All deployments to exactly this target.
Got<std::vector<Json>> deployments_to(Site& site, const Target& target);
// The one among them that was made without a name of its own, «IMAGE to TARGET».
std::optional<Json> unnamed_among(const std::vector<Json>& deployments, const Target& target);

}  // namespace cli
