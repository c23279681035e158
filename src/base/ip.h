// SPDX-License-Identifier: GPL-3.0-or-later
// An address of either family, with port and prefix: what sockets, files and limits go by.
// proxyDHCP is IPv4 and keeps base::Ipv4. Value types without allocation, as in address.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"

namespace base {

enum class IpFamily : std::uint8_t { v4, v6 };

// Always 16 octets: an IPv4 address is kept in its mapped form, ::ffff:10.0.0.1, and is that
// IPv4 address in every respect. Nobody has set one that is 0.0.0.0.
struct Ip {
  std::array<std::uint8_t, 16> octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

  constexpr Ip() = default;
  constexpr Ip(Ipv4 ip) {  // NOLINT(google-explicit-constructor): every IPv4 address is one
    for (std::size_t i = 0; i < 4; ++i) octets[12 + i] = ip.octets[i];
  }
  static constexpr Ip from_octets(const std::array<std::uint8_t, 16>& network_order) {
    Ip ip;
    ip.octets = network_order;
    return ip;
  }
  static constexpr Ip any(IpFamily family) {
    return family == IpFamily::v4 ? Ip() : from_octets(std::array<std::uint8_t, 16>{});
  }
  auto operator<=>(const Ip&) const = default;

  [[nodiscard]] constexpr bool is_v4() const {
    for (std::size_t i = 0; i < 10; ++i) {
      if (octets[i] != 0) return false;
    }
    return octets[10] == 0xff && octets[11] == 0xff;
  }
  [[nodiscard]] constexpr IpFamily family() const { return is_v4() ? IpFamily::v4 : IpFamily::v6; }
  // 0.0.0.0 where it is none: IPv6 addresses have no part in what is IPv4's alone.
  [[nodiscard]] constexpr Ipv4 as_v4() const {
    return is_v4() ? Ipv4{{octets[12], octets[13], octets[14], octets[15]}} : Ipv4{};
  }
  [[nodiscard]] constexpr bool is_zero() const { return *this == Ip() || *this == any(IpFamily::v6); }
  // fe80::/10 and ff00::/8 of IPv6; false for IPv4, whose groups no socket tells of.
  [[nodiscard]] constexpr bool is_link_local() const {
    return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
  }
  [[nodiscard]] constexpr bool is_multicast_v6() const { return octets[0] == 0xff; }

  // A dotted quad, or IPv6 as in RFC 4291 §2.2; no scope and no brackets.
  static std::optional<Ip> parse(std::string_view text);
  [[nodiscard]] std::string print() const;  // 10.0.0.1, or RFC 5952: 2001:db8::1
  // The same without allocation, in `room`.
  static constexpr std::size_t longest_text = 46;
  std::string_view print_to(std::span<char, longest_text> room) const;
};

// A UDP or TCP endpoint.
struct Endpoint {
  Ip address;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;  // interface index; link-local addresses only, which need it
  auto operator<=>(const Endpoint&) const = default;
  [[nodiscard]] std::string print() const;  // 10.0.0.1:69, [2001:db8::1]:69, [fe80::1%2]:69
};

struct Ipv4Endpoint {
  Ipv4 address;
  std::uint16_t port = 0;
  auto operator<=>(const Ipv4Endpoint&) const = default;
  operator Endpoint() const { return {address, port}; }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string print() const { return Endpoint(*this).print(); }
};

// A subnet, on an interface or in somebody's configuration.
struct IpNet {
  Ip address;               // any address inside
  std::uint8_t prefix = 0;  // of its family: 0 to 32, or to 128
  auto operator<=>(const IpNet&) const = default;
  [[nodiscard]] bool contains(const Ip& ip) const;  // never one of the other family
  [[nodiscard]] Ip first() const;                   // nothing but zeros behind the prefix
  // "10.1.0.0/16" or "2001:db8::/32".
  static std::optional<IpNet> parse(std::string_view text);
  [[nodiscard]] std::string print() const;
};

}  // namespace base

template <>
struct std::hash<base::Ip> {
  std::size_t operator()(const base::Ip& a) const noexcept;
};
template <>
struct std::hash<base::Endpoint> {
  std::size_t operator()(const base::Endpoint& e) const noexcept;
};
