// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/quote.h"

#include <algorithm>

namespace render {
namespace {

constexpr std::size_t screen_width = 78;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool harmless_in_grub(char c) {
  constexpr std::string_view signs = "/._-+=:,@%~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         signs.find(c) != std::string_view::npos;
}

bool is_ipxe_operator(std::string_view word) {
  return word == "||" || word == "&&" || word == ";" || word.starts_with('#');
}

void add_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  line += word;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, is_control, ' ');
  const std::size_t first = line.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(' ') + 1 - first);
}

std::string screen_text(std::string_view text) {
  std::string line = one_line(text);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) > 0x7e; }, '?');
  if (line.size() > screen_width) line.resize(screen_width);
  return line;
}

std::string ipxe_words(std::string_view text) {
  std::string line;
  const std::string clean = one_line(text);
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t end = std::min(clean.find(' ', at), clean.size());
    std::string word = clean.substr(at, end - at);
    at = end + 1;
    for (std::size_t dollar; (dollar = word.find("${")) != std::string::npos;) word.erase(dollar, 1);
    if (word.empty() || is_ipxe_operator(word)) continue;
    add_word(line, word);
  }
  return line;
}

std::string_view what_ipxe_acts_on(std::string_view text) {
  if (text.find("${") != std::string_view::npos) return "${";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (is_ipxe_operator(word)) return word;
    at = end + 1;
  }
  return {};
}

std::string grub_word(std::string_view text) {
  const std::string clean = one_line(text);
  if (!clean.empty() && std::ranges::all_of(clean, harmless_in_grub)) return clean;
  std::string word = "'";
  for (const char c : clean) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string grub_command_line(std::string_view command_line) {
  std::string line;
  std::string word;
  bool in_word = false;
  bool quoted = false;
  for (const char c : one_line(command_line)) {
    if (c == ' ' && !quoted) {
      if (in_word) add_word(line, grub_word(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '"') {
      quoted = !quoted;
    } else {
      word += c;
    }
  }
  if (in_word) add_word(line, grub_word(word));
  return line;
}

}  // namespace render
