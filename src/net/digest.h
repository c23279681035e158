// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 (FIPS 180-4), GnuTLS's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace net {

std::array<std::uint8_t, 32> sha256(std::string_view bytes);

}  // namespace net
