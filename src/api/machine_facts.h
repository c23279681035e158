// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine says that it is (docs/reporting.md): one JSON object from a stranger, to be kept
// and shown. Its members are looked at only when they are shown.
#pragma once

#include <string>
#include <string_view>

#include "api/json.h"

namespace api {

inline constexpr std::size_t max_machine_facts = 64 << 10;  // octets

// The same object in one line; the fault says why it is none.
base::Result<std::string, Fault> check_machine_facts(std::string_view text);

}  // namespace api
