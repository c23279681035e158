// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/setup_text.h"

#include <algorithm>
#include <unordered_map>

#include "base/ascii.h"
#include "format/utf16.h"

namespace format {
namespace {

constexpr std::string_view utf8_mark = "\xef\xbb\xbf";
constexpr std::string_view utf16_mark = "\xff\xfe";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Up to a semicolon that is not in quotes.
std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == ';' && !quoted) return line.substr(0, i);
  }
  return line;
}

// «"a ""b"" c"» is «a "b" c».
std::string unquoted(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"') {
      out += text[i];
    } else if (quoted && i + 1 < text.size() && text[i + 1] == '"') {
      out += '"';
      ++i;
    } else {
      quoted = !quoted;
    }
  }
  return out;
}

std::size_t find_outside_quotes(std::string_view text, char wanted, std::size_t from = 0) {
  bool quoted = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == wanted && !quoted) return i;
  }
  return text.npos;
}

}  // namespace

SetupText decode_setup_text(base::ByteView octets) {
  const std::string_view text = base::as_text(octets);
  if (text.starts_with(utf16_mark))
    return {SetupEncoding::utf16, utf8_of(octets.subspan(utf16_mark.size()), ByteOrder::little)};
  if (text.starts_with(utf8_mark)) return {SetupEncoding::utf8, std::string(text.substr(utf8_mark.size()))};
  return {SetupEncoding::octets, std::string(text)};
}

base::Bytes encode_setup_text(const SetupText& text) {
  const auto octets = [](std::string_view mark, base::ByteView content) {
    const base::ByteView begin = base::as_bytes(mark);
    base::Bytes out(begin.begin(), begin.end());
    out.insert(out.end(), content.begin(), content.end());
    return out;
  };
  if (text.encoding == SetupEncoding::utf16) {
    // decode_setup_text made it, which makes nothing but UTF-8.
    if (const auto wide = utf16_of(text.text)) return octets(utf16_mark, *wide);
  }
  return octets(text.encoding == SetupEncoding::utf8 ? utf8_mark : "", base::as_bytes(text.text));
}

std::vector<SetupSection> sections_of(std::string_view text, SetupSyntax syntax) {
  std::vector<SetupSection> sections;
  std::unordered_map<std::string, std::size_t> known;
  std::size_t present = 0;
  std::string begun;  // of a line that goes on
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = trimmed(without_comment(text.substr(0, end)));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (begun.empty() && line.starts_with('[')) {
      const std::string name(trimmed(line.substr(1, line.find(']') - 1)));
      const auto [at, fresh] = known.try_emplace(base::lowered(name), sections.size());
      if (fresh) sections.push_back({name, {}});
      present = at->second;
      continue;
    }
    const bool goes_on = syntax.continued && line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    begun += line;
    if (goes_on && !text.empty()) continue;
    if (!begun.empty() && !sections.empty()) sections[present].lines.push_back(begun);
    begun.clear();
  }
  return sections;
}

const SetupSection* find_section(const std::vector<SetupSection>& sections, std::string_view name) {
  const auto found = std::ranges::find_if(
      sections, [&](const SetupSection& section) { return base::same_but_for_case(section.name, name); });
  return found == sections.end() ? nullptr : &*found;
}

SetupEntry entry_of(std::string_view line) {
  const std::size_t sign = find_outside_quotes(line, '=');
  if (sign == line.npos) return {unquoted(trimmed(line)), ""};
  return {unquoted(trimmed(line.substr(0, sign))), std::string(trimmed(line.substr(sign + 1)))};
}

std::vector<std::string> values_of(std::string_view value) {
  std::vector<std::string> values;
  for (std::size_t from = 0;;) {
    const std::size_t comma = find_outside_quotes(value, ',', from);
    values.push_back(unquoted(trimmed(value.substr(from, comma - from))));
    if (comma == value.npos) return values;
    from = comma + 1;
  }
}

}  // namespace format
