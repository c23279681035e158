// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <random>

namespace base {
namespace {

// Whoever chooses an address of 128 bits can choose many that a known hash would put into one
// bucket: hence a secret. (The mixer is splitmix64's finisher.)
std::uint64_t mixed(std::uint64_t x) {
  static const std::uint64_t secret = [] {
    std::random_device random;
    return (std::uint64_t{random()} << 32) | random();
  }();
  x ^= secret;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint64_t hash_of(const Ip& ip) {
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), ip.octets.data(), sizeof halves);
  return mixed(halves[1] ^ mixed(halves[0]));
}

}  // namespace

std::optional<Ip> Ip::parse(std::string_view text) {
  if (const auto v4 = Ipv4::parse(text)) return Ip(*v4);
  // inet_pton() wants an end that a string_view does not have.
  std::array<char, longest_text> copy{};
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  Ip ip;
  if (inet_pton(AF_INET6, copy.data(), ip.octets.data()) != 1) return std::nullopt;
  return ip;
}

std::string_view Ip::print_to(std::span<char, longest_text> room) const {
  static_assert(longest_text == INET6_ADDRSTRLEN);
  const int family = is_v4() ? AF_INET : AF_INET6;
  return inet_ntop(family, octets.data() + (is_v4() ? 12 : 0), room.data(), room.size());
}

std::string Ip::print() const {
  std::array<char, longest_text> room;
  return std::string(print_to(room));
}

std::string Endpoint::print() const {
  if (address.is_v4()) return fmt::format("{}:{}", address.print(), port);
  if (scope == 0) return fmt::format("[{}]:{}", address.print(), port);
  return fmt::format("[{}%{}]:{}", address.print(), scope, port);
}

bool IpNet::contains(const Ip& ip) const {
  const bool v4 = address.is_v4();
  if (ip.is_v4() != v4) return false;
  const unsigned bits = std::min(v4 ? 96U + prefix : unsigned{prefix}, 128U);
  const std::size_t whole = bits / 8;
  if (!std::equal(ip.octets.begin(), ip.octets.begin() + whole, address.octets.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((ip.octets[whole] ^ address.octets[whole]) >> (8 - rest)) == 0;
}

Ip IpNet::first() const {
  Ip first = address;
  const std::size_t bits = std::min<std::size_t>((first.is_v4() ? 96U : 0U) + prefix, 128);
  std::size_t octet = bits / 8;
  if (bits % 8 != 0) first.octets[octet++] &= static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  std::fill(first.octets.begin() + static_cast<std::ptrdiff_t>(octet), first.octets.end(), std::uint8_t{0});
  return first;
}

std::optional<IpNet> IpNet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Ip::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (!address || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (prefix > (address->is_v4() ? 32U : 128U)) return std::nullopt;
  return IpNet{*address, static_cast<std::uint8_t>(prefix)};
}

std::string IpNet::print() const { return fmt::format("{}/{}", address.print(), prefix); }

}  // namespace base

std::size_t std::hash<base::Ip>::operator()(const base::Ip& a) const noexcept {
  return static_cast<std::size_t>(base::hash_of(a));
}
std::size_t std::hash<base::Endpoint>::operator()(const base::Endpoint& e) const noexcept {
  return static_cast<std::size_t>(base::mixed(base::hash_of(e.address) + e.port));
}
