// SPDX-License-Identifier: GPL-3.0-or-later
// Files as other programs and spreadsheets write them -> lines and words. For the readers of
// imports only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/import.h"
#include "base/address.h"
#include "base/result.h"

namespace api {

// UTF-8 without a byte order mark. Refuses other encodings with line and column, and says what
// the file looks like.
base::Result<std::string, LineFault> decode_text(std::string_view octets);

std::string_view trimmed(std::string_view text);  // without blanks and tabs at its ends
// Up to the line's end, which goes from the front of `rest`: "\n", or "\r\n".
std::string_view take_line(std::string_view& rest);

// Six octets of one or two digits behind colons, "0:1:2:a:b:c", as DHCP servers read them; and
// all that base::Mac reads.
std::optional<base::Mac> parse_loose_mac(std::string_view text);

// What Active Directory keeps as netbootGUID, and wdsutil as a device's ID: a UUID as text; the
// same as 32 digits in the order of its octets, "X'…'" around them or not; or a hardware address,
// alone or behind twenty zeros.
using NetbootId = std::variant<base::Mac, base::Uuid>;
std::optional<NetbootId> parse_netboot_id(std::string_view text);

}  // namespace api
