// SPDX-License-Identifier: GPL-3.0-or-later
// Octets from strangers, for people. What a packet holds goes to logs and terminals, so
// control characters never pass through.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wire {

// "smsboot\\x86\\wdsnbp.com": in quotes, with \\ \" and \xNN for whatever is not printable ASCII.
std::string quoted(std::string_view text);
// 0aee0002
std::string hex(base::ByteView bytes);

}  // namespace wire
