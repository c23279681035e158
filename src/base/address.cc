// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/address.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace base {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Exactly 2×out.size() hex digits into out.
bool read_hex(std::string_view digits, std::span<std::uint8_t> out) {
  if (digits.size() != out.size() * 2) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(digits[2 * i]);
    const int low = hex_digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  return true;
}

// Digits without what stands between them, on the stack: a start reads millions of addresses.
class Digits {
 public:
  void add(std::string_view more) {
    if (size_ + more.size() > room_.size()) return clear();
    std::copy(more.begin(), more.end(), room_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += more.size();
  }
  void clear() { size_ = 0; }
  [[nodiscard]] std::string_view view() const { return {room_.data(), size_}; }

 private:
  std::array<char, 32> room_;
  std::size_t size_ = 0;
};

// None where separators do not stand exactly behind each `group` digits.
Digits ungroup(std::string_view text, char separator, std::size_t group) {
  Digits digits;
  for (std::size_t at = 0; at < text.size(); at += group + 1) {
    if (at > 0 && text[at - 1] != separator) return {};
    digits.add(text.substr(at, group));
  }
  return digits;
}

// FNV-1a: addresses come from packets, but the tables they index are bounded.
std::size_t hash_octets(std::span<const std::uint8_t> octets) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const std::uint8_t b : octets) h = (h ^ b) * 1099511628211ULL;
  return static_cast<std::size_t>(h);
}

// SMBIOS keeps time_low, time_mid and time_hi little-endian.
constexpr std::array<std::size_t, 16> text_order = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

std::optional<Mac> Mac::parse(std::string_view text) {
  Mac mac;
  Digits digits;
  if (text.size() == 12) {
    digits.add(text);
  } else if (text.size() == 14) {
    digits = ungroup(text, '.', 4);
  } else if (text.size() == 17) {
    digits = ungroup(text, text[2], 2);
    if (text[2] != ':' && text[2] != '-' && text[2] != '.') return std::nullopt;
  }
  if (!read_hex(digits.view(), mac.octets)) return std::nullopt;
  return mac;
}

std::array<char, 17> Mac::text() const {
  constexpr std::string_view hex = "0123456789abcdef";
  std::array<char, 17> out;
  out.fill(':');
  for (std::size_t i = 0; i < octets.size(); ++i) {
    out[3 * i] = hex[octets[i] >> 4];
    out[3 * i + 1] = hex[octets[i] & 15];
  }
  return out;
}

std::string Mac::print() const {
  const auto out = text();
  return {out.data(), out.size()};
}

std::string Mac::print_dashed() const {
  std::string text = print();
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  Digits digits;
  if (text.size() == 36) {
    std::size_t from = 0;
    for (const std::size_t to : {8U, 13U, 18U, 23U, 36U}) {
      if (to < text.size() && text[to] != '-') return std::nullopt;
      digits.add(text.substr(from, to - from));
      from = to + 1;
    }
  } else if (text.size() == 32) {
    digits.add(text);
  }
  std::array<std::uint8_t, 16> in_text_order{};
  if (!read_hex(digits.view(), in_text_order)) return std::nullopt;
  Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i) uuid.octets[text_order[i]] = in_text_order[i];
  return uuid;
}

std::string Uuid::print() const {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const std::uint8_t octet = octets[text_order[i]];
    text += hex[octet >> 4];
    text += hex[octet & 15];
  }
  return text;
}

bool Uuid::is_blank() const {
  return std::all_of(octets.begin(), octets.end(), [](std::uint8_t b) { return b == 0; }) ||
         std::all_of(octets.begin(), octets.end(), [](std::uint8_t b) { return b == 0xff; });
}

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
  Ipv4 ip;
  for (std::size_t i = 0; i < 4; ++i) {
    const char* const end = text.data() + text.size();
    const auto [next, error] = std::from_chars(text.data(), end, ip.octets[i]);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(next - text.data()));
    if (i < 3) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return std::nullopt;
  return ip;
}

std::string Ipv4::print() const {
  return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

}  // namespace base

std::size_t std::hash<base::Mac>::operator()(const base::Mac& m) const noexcept {
  return base::hash_octets(m.octets);
}
std::size_t std::hash<base::Uuid>::operator()(const base::Uuid& u) const noexcept {
  return base::hash_octets(u.octets);
}
std::size_t std::hash<base::Ipv4>::operator()(const base::Ipv4& a) const noexcept {
  return base::hash_octets(a.octets);
}
