// SPDX-License-Identifier: GPL-3.0-or-later
// A ROM's own menu as option 43 carries it (Intel PXE 2.1, tags 6, 8, 9, 10).
#pragma once

#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "policy/rom_menu.h"

namespace session {

// The entries, each at `server`, and the local disk; the ROM counts `seconds` down and then boots
// the first entry, or shows all of them when F8 is pressed. The disk is last where silence boots
// from the network, and else first: PXE knows no other default than its first entry.
// Titles are cut, and entries left out from the end, until all fits one option. nullopt: none fits.
std::optional<base::Bytes> pxe_menu(const policy::RomMenu& menu, base::Ipv4 server, unsigned seconds);

}  // namespace session
