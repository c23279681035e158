// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/machine_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace api {

base::Result<std::string, Fault> check_machine_facts(std::string_view text) {
  if (text.size() > max_machine_facts)
    return tl::unexpected(Fault{"", fmt::format("at most {} octets are read", max_machine_facts)});
  const auto json = read_json(text);
  if (!json) return tl::unexpected(json.error());
  if (!json->is_object()) return tl::unexpected(Fault{"", "facts are one JSON object"});
  return print_json(*json);
}

}  // namespace api
