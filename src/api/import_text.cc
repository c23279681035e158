// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/import_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace api {
namespace {

// How many octets a character in UTF-8 has at the front of `rest`; 0: none does. RFC 3629 §4:
// no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t character(std::string_view rest) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const auto follows = [&](std::size_t i) { return i < rest.size() && (at(i) & 0xc0) == 0x80; };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f)) return 0;
    return 3;
  }
  if (first < 0xf0 || first > 0xf4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  if ((first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) return 0;
  return 4;
}

void append(std::string& out, std::uint32_t code) {
  const auto octet = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return octet(code);
  if (code < 0x800) {
    octet(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      octet(0xe0 | code >> 12);
    } else {
      octet(0xf0 | code >> 18);
      octet(0x80 | (code >> 12 & 0x3f));
    }
    octet(0x80 | (code >> 6 & 0x3f));
  }
  octet(0x80 | (code & 0x3f));
}

// What PowerShell's «>» writes, and Excel's «Unicode text».
base::Result<std::string, LineFault> from_utf16(std::string_view octets, bool little) {
  std::string out;
  out.reserve(octets.size() / 2);
  std::size_t line = 1;
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(octets[i]), b = static_cast<unsigned char>(octets[i + 1]);
    return static_cast<std::uint32_t>(little ? b << 8 | a : a << 8 | b);
  };
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    const auto bad = [&] {
      return tl::unexpected(LineFault{line,
                                      "the file begins as UTF-16 and does not go on so: it was cut or "
                                      "put together from several"});
    };
    if (i + 1 == octets.size()) return bad();
    std::uint32_t code = unit(i);
    if (code >= 0xdc00 && code <= 0xdfff) return bad();
    if (code >= 0xd800 && code <= 0xdbff) {
      if (i + 3 >= octets.size() || unit(i + 2) < 0xdc00 || unit(i + 2) > 0xdfff) return bad();
      code = 0x10000 + ((code - 0xd800) << 10) + (unit(i + 2) - 0xdc00);
      i += 2;
    }
    if (code == '\n') ++line;
    append(out, code);
  }
  return out;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

}  // namespace

base::Result<std::string, LineFault> decode_text(std::string_view octets) {
  if (octets.starts_with("\xff\xfe")) return from_utf16(octets.substr(2), true);
  if (octets.starts_with("\xfe\xff")) return from_utf16(octets.substr(2), false);
  const bool marked = octets.starts_with("\xef\xbb\xbf");
  if (marked) octets.remove_prefix(3);
  std::size_t line = 1, column = 1;
  bool wide = marked;  // something says that this is UTF-8
  for (std::size_t i = 0; i < octets.size();) {
    if (octets[i] == '\0')
      return tl::unexpected(LineFault{line, fmt::format("column {} holds a NUL: this is no text, or UTF-16 "
                                                        "without its byte order mark: save it as UTF-8",
                                                        column)});
    const std::size_t size = character(octets.substr(i));
    if (size == 0) {
      const auto octet = static_cast<unsigned char>(octets[i]);
      return tl::unexpected(LineFault{
          line,
          wide ? fmt::format("column {}: the octet 0x{:02x} is not UTF-8, while what is before it is: the "
                             "file mixes encodings; save this part as UTF-8, too",
                             column, octet)
               : fmt::format("column {}: the octet 0x{:02x} is not UTF-8; the file looks like Latin-1 or "
                             "Windows-1252: save it as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)",
                             column, octet)});
    }
    wide = wide || size > 1;
    column = octets[i] == '\n' ? 1 : column + 1;
    if (octets[i] == '\n') ++line;
    i += size;
  }
  return std::string(octets);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<base::Mac> parse_loose_mac(std::string_view text) {
  if (const auto mac = base::Mac::parse(text)) return mac;
  base::Mac mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto digits = text.substr(0, text.find(':'));
    if (digits.empty() || digits.size() > 2 || !is_hex(digits)) return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), mac.octets.at(i), 16);
    text.remove_prefix(digits.size());
    if (i == 5) break;
    if (!text.starts_with(':')) return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(mac) : std::nullopt;
}

std::optional<NetbootId> parse_netboot_id(std::string_view text) {
  constexpr std::string_view zeros = "00000000000000000000";
  constexpr std::string_view dashed_zeros = "00000000-0000-0000-0000-";
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  if ((text.starts_with("X'") || text.starts_with("x'")) && text.ends_with('\'') && text.size() > 3)
    text = text.substr(2, text.size() - 3);
  const bool bare = text.size() == 32 && is_hex(text);
  if ((bare && text.starts_with(zeros)) || (text.size() == 36 && text.starts_with(dashed_zeros)))
    text = text.substr(text.size() - 12);
  if (const auto mac = base::Mac::parse(text)) return *mac;
  if (!bare) {
    const auto uuid = base::Uuid::parse(text);
    return uuid ? std::optional<NetbootId>(*uuid) : std::nullopt;
  }
  base::Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i)
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, uuid.octets.at(i), 16);
  return uuid;
}

}  // namespace api
