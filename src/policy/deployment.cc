// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/deployment.h"

namespace policy {

std::string_view print(Purpose purpose) { return purpose == Purpose::required ? "required" : "available"; }

std::optional<Purpose> parse_purpose(std::string_view text) {
  for (const Purpose purpose : {Purpose::available, Purpose::required}) {
    if (print(purpose) == text) return purpose;
  }
  return std::nullopt;
}

}  // namespace policy
