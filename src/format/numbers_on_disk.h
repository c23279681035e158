// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as disks and Windows keep them: the low octet first. (Packets are big-endian and
// have base::Reader and base::Writer.)
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

// The number at an offset; zero where the view ends before it, so that a reader can ask
// whether a structure is whole once, and not at each field.
template <class Number>
Number number_at(base::ByteView bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(Number)) return 0;
  Number value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    value = static_cast<Number>((static_cast<std::uint64_t>(value) << 8) | bytes[at + i]);
  }
  return value;
}

template <class Number>
void append_little(base::Bytes& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

// Over octets that are there already.
template <class Number>
void put_little(base::Bytes& out, std::size_t at, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out.at(at + i) = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}

}  // namespace format
