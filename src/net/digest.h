// SPDX-License-Identifier: GPL-3.0-or-later
// Secrets that a server knows by their digest alone; by GnuTLS.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace net {

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view octets);
std::string print(const Sha256& digest);                    // 64 hexadecimal digits
std::optional<Sha256> parse_sha256(std::string_view text);  // of either case
// In a time that says nothing about where they differ.
bool same(const Sha256& a, const Sha256& b);

// 256 bits that nobody can guess, as 64 hexadecimal digits.
base::Result<std::string> new_secret();

}  // namespace net
