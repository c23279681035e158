// SPDX-License-Identifier: GPL-3.0-or-later
// The text files of Windows' own that have sections: a driver's .inf, winpeshl.ini. Everything
// else about the two differs.
//
//   ; a comment
//   [Manufacturer]
//   %Intel% = Intel, NTamd64.10.0...1
//
// Source: Microsoft's «General Syntax Rules for INF Files».
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace format {

enum class SetupEncoding : std::uint8_t { octets, utf8, utf16 };  // the last two with their mark

// As UTF-8. Octets beyond ASCII of a file without a mark stay what they are: nobody knows what
// code page its writer had.
struct SetupText {
  SetupEncoding encoding = SetupEncoding::octets;
  std::string text;
};
SetupText decode_setup_text(base::ByteView octets);
// Back into the same encoding.
base::Bytes encode_setup_text(const SetupText& text);

struct SetupSection {
  std::string name;                // as it is spelled; sections of one name are one
  std::vector<std::string> lines;  // without comments, and blanks at the ends; not empty
};

struct SetupSyntax {
  bool continued = false;  // a line that ends in a backslash goes on in the next (.inf)
};

// In the order in which they begin. What stands before the first is nobody's.
std::vector<SetupSection> sections_of(std::string_view text, SetupSyntax syntax = {});
const SetupSection* find_section(const std::vector<SetupSection>& sections, std::string_view name);

// «key = value» of a line; without a sign the whole is the key. The value keeps its quotes.
struct SetupEntry {
  std::string key;
  std::string value;
};
SetupEntry entry_of(std::string_view line);
// What commas separate, outside of quotes; each without blanks and quotes.
std::vector<std::string> values_of(std::string_view value);

}  // namespace format
