// SPDX-License-Identifier: GPL-3.0-or-later
// What the limited process answers about an image that is to be changed, as JSON and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/wim.h"
#include "format/wim_change.h"

namespace content {

struct WimLookAnswer {
  format::WimFacts facts;                           // without boot files
  std::vector<format::WimEntryKind> kinds;          // of the paths that were asked for
  std::vector<std::optional<std::uint64_t>> sizes;  // octets of the texts; nullopt: no such file
  bool operator==(const WimLookAnswer&) const = default;
};

std::string print_wim_look(const WimLookAnswer& answer);
// It may have been taken over by the image: bounds on everything, as many answers as questions.
base::Result<WimLookAnswer> parse_wim_look(std::string_view text, std::size_t paths, std::size_t texts);

}  // namespace content
