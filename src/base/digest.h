// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 by GnuTLS: contents are told apart by it, and secrets known by it alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace base {

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view octets);
std::string print(const Sha256& digest);                    // 64 hexadecimal digits, in lower case
std::optional<Sha256> parse_sha256(std::string_view text);  // of either case
// In a time that says nothing about where they differ.
bool same(const Sha256& a, const Sha256& b);

// Of octets that come in pieces.
class Hasher {
 public:
  Hasher();
  void add(ByteView octets);
  // Of all that was added. Once.
  [[nodiscard]] Sha256 finish();

 private:
  struct Free {
    void operator()(void* hash) const;
  };
  std::unique_ptr<void, Free> hash_;
};

// 256 bits that nobody can guess, as 64 hexadecimal digits.
Result<std::string> new_secret();

}  // namespace base
