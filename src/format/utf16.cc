// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/utf16.h"

#include "format/numbers_on_disk.h"

namespace format {
namespace {

constexpr char32_t replacement = 0xfffd;

bool is_high_half(char32_t c) { return c >= 0xd800 && c < 0xdc00; }
bool is_low_half(char32_t c) { return c >= 0xdc00 && c < 0xe000; }

// The character at the front and how many octets it has; nullopt where there is none.
std::optional<std::pair<char32_t, std::size_t>> first_character(std::string_view text) {
  const auto octet = [&](std::size_t i) -> char32_t { return static_cast<unsigned char>(text[i]); };
  const char32_t first = octet(0);
  if (first < 0x80) return std::pair{first, std::size_t{1}};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return std::nullopt;
  char32_t character = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return std::nullopt;
    character = (character << 6) | (octet(i) & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool half = is_high_half(character) || is_low_half(character);
  if (character < least[size] || character > 0x10ffff || half) return std::nullopt;
  return std::pair{character, size};
}

}  // namespace

std::optional<base::Bytes> utf16_of(std::string_view text) {
  base::Bytes out;
  out.reserve(2 * text.size());
  while (!text.empty()) {
    const auto first = first_character(text);
    if (!first) return std::nullopt;
    const auto [character, size] = *first;
    if (character >= 0x10000) {
      append_little(out, static_cast<std::uint16_t>(0xd800 + ((character - 0x10000) >> 10)));
      append_little(out, static_cast<std::uint16_t>(0xdc00 + (character & 0x3ff)));
    } else {
      append_little(out, static_cast<std::uint16_t>(character));
    }
    text.remove_prefix(size);
  }
  return out;
}

void append_utf8(std::string& out, char32_t character) {
  const auto add = [&](char32_t octet) { out += static_cast<char>(octet); };
  if (character < 0x80) {
    add(character);
  } else if (character < 0x800) {
    add(0xc0 | (character >> 6));
    add(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    add(0xe0 | (character >> 12));
    add(0x80 | ((character >> 6) & 0x3f));
    add(0x80 | (character & 0x3f));
  } else {
    add(0xf0 | (character >> 18));
    add(0x80 | ((character >> 12) & 0x3f));
    add(0x80 | ((character >> 6) & 0x3f));
    add(0x80 | (character & 0x3f));
  }
}

std::string utf8_of(base::ByteView utf16, ByteOrder order) {
  std::string out;
  const std::size_t units = utf16.size() / 2;
  const auto unit = [&](std::size_t i) -> char32_t {
    const std::size_t at = 2 * i;
    return order == ByteOrder::little ? static_cast<char32_t>(utf16[at] | (utf16[at + 1] << 8))
                                      : static_cast<char32_t>((utf16[at] << 8) | utf16[at + 1]);
  };
  for (std::size_t i = 0; i < units; ++i) {
    const char32_t first = unit(i);
    if (is_high_half(first) && i + 1 < units && is_low_half(unit(i + 1))) {
      append_utf8(out, 0x10000 + ((first - 0xd800) << 10) + (unit(i + 1) - 0xdc00));
      ++i;
    } else {
      append_utf8(out, is_high_half(first) || is_low_half(first) ? replacement : first);
    }
  }
  if (utf16.size() % 2 != 0) append_utf8(out, replacement);
  return out;
}

}  // namespace format
