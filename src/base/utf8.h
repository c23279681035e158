// SPDX-License-Identifier: GPL-3.0-or-later
// Text from strangers, before people or JSON get to see it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

// Octets of the printable UTF-8 character at the front; 0 if there is none. (RFC 3629 §4; the
// C1 controls are none: terminals act on them.)
std::size_t printable_utf8(std::string_view text);

// As one line of printable UTF-8, `longest` octets at most: what is none becomes a blank, and
// several blanks one.
std::string one_line(std::string_view text, std::size_t longest);

}  // namespace base
