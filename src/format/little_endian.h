// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of files that were made for x86: the other order than base::Reader's, which reads
// the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace format {

// The number at an offset; nullopt when it does not lie whole within the bytes.
template <class Number>
std::optional<Number> little(base::ByteView bytes, std::size_t at) {
  if (at > bytes.size() || sizeof(Number) > bytes.size() - at) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) value = (value << 8) | bytes[at + i];
  return static_cast<Number>(value);
}

}  // namespace format
