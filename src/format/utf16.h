// SPDX-License-Identifier: GPL-3.0-or-later
// Between our UTF-8 and the UTF-16 of Windows' registry and of discs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace format {

// UTF-16LE without a NUL at its end; nullopt where the text is not UTF-8 (RFC 3629).
std::optional<base::Bytes> utf16_of(std::string_view text);

enum class ByteOrder { little, big };
// What is no character (half a pair, an odd octet at the end) becomes U+FFFD.
std::string utf8_of(base::ByteView utf16, ByteOrder order);
void append_utf8(std::string& out, char32_t character);

}  // namespace format
