// SPDX-License-Identifier: GPL-3.0-or-later
// Who is asking: hardware address, machine UUID and IPv4 address (either family: ip.h). Value
// types without allocation; parse() reads what people write, print() writes one spelling.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// An Ethernet hardware address.
struct Mac {
  std::array<std::uint8_t, 6> octets{};
  auto operator<=>(const Mac&) const = default;

  // "52:54:00:12:34:56", also with '-' or '.', Cisco's 5254.0012.3456, or 12 bare digits.
  static std::optional<Mac> parse(std::string_view text);
  [[nodiscard]] std::array<char, 17> text() const;  // 52:54:00:12:34:56
  [[nodiscard]] std::string print() const;          // the same
  [[nodiscard]] std::string print_dashed() const;   // 52-54-00-12-34-56 (file names)
  [[nodiscard]] bool is_zero() const { return *this == Mac{}; }
  [[nodiscard]] bool is_group() const { return (octets[0] & 1) != 0; }
};

// The SMBIOS machine UUID as option 97 carries it: 16 octets of which the first three
// fields are little-endian (RFC 4578 §2.3, SMBIOS 2.6). print() gives the usual text.
struct Uuid {
  std::array<std::uint8_t, 16> octets{};
  auto operator<=>(const Uuid&) const = default;

  static std::optional<Uuid> parse(std::string_view text);  // with or without dashes, braces allowed
  [[nodiscard]] std::string print() const;                  // 8-4-4-4-12, lower case
  // All zero or all ones: a board whose maker never set it; it names no machine.
  [[nodiscard]] bool is_blank() const;
};

struct Ipv4 {
  std::array<std::uint8_t, 4> octets{};
  auto operator<=>(const Ipv4&) const = default;

  static constexpr Ipv4 broadcast() { return {{255, 255, 255, 255}}; }
  static constexpr Ipv4 from_host_order(std::uint32_t v) {
    return {{static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16),
             static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}};
  }
  [[nodiscard]] constexpr std::uint32_t host_order() const {
    return (std::uint32_t{octets[0]} << 24) | (std::uint32_t{octets[1]} << 16) |
           (std::uint32_t{octets[2]} << 8) | octets[3];
  }
  static std::optional<Ipv4> parse(std::string_view text);  // dotted quad only
  [[nodiscard]] std::string print() const;
  [[nodiscard]] constexpr bool is_zero() const { return *this == Ipv4{}; }
};

}  // namespace base

template <>
struct std::hash<base::Mac> {
  std::size_t operator()(const base::Mac& m) const noexcept;
};
template <>
struct std::hash<base::Uuid> {
  std::size_t operator()(const base::Uuid& u) const noexcept;
};
template <>
struct std::hash<base::Ipv4> {
  std::size_t operator()(const base::Ipv4& a) const noexcept;
};
