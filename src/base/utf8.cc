// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/utf8.h"

#include <algorithm>

namespace base {

std::size_t printable_utf8(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return octet(i) >= low && octet(i) <= high;
  };
  const unsigned first = octet(0);
  if (first >= 0x20 && first < 0x7f) return 1;
  if (first == 0xc2) return follows(1, 0xa0) ? 2 : 0;
  if (first >= 0xc3 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

std::string one_line(std::string_view text, std::size_t longest) {
  std::string out;
  while (!text.empty()) {
    const std::size_t octets = printable_utf8(text);
    const std::string_view next = octets == 0 ? std::string_view(" ") : text.substr(0, octets);
    if (out.size() + next.size() > longest) break;
    if (next != " " || (!out.empty() && out.back() != ' ')) out += next;
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace base
