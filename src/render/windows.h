// SPDX-License-Identifier: GPL-3.0-or-later
// Windows' boot configuration for one machine, from its plan: what its boot manager loads, and,
// of several images, the menu that it shows.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "policy/plan.h"

namespace render {

// Of all Windows images that the machine may boot, or of `only` one of them, by its number.
// Nothing where there is none. Refused where a path does not fit the format (docs/formats/bcd.md).
base::Result<std::optional<base::Bytes>> windows_bcd(const policy::Plan& plan,
                                                     const policy::Settings& settings, std::int64_t only = 0);

}  // namespace render
