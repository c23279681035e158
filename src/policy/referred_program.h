// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of programs that machines are sent to another server for, by their files' names.
#pragma once

#include <cstdint>
#include <string_view>

namespace policy {

enum class Referred : std::uint8_t {
  finds_its_server,   // by the answer that named it: pxelinux, Microsoft's for BIOS; also the unknown
  asks_again,         // iPXE: speaks DHCP anew, so it is referred once more, to a script
  needs_next_server,  // asks the server that the DHCP lease names, never the one it came from
  unsupported,        // by who made it
};
struct ReferredProgram {
  std::string_view begins;  // its file's name, in lower case
  Referred how;
  std::string_view evidence;
};

// Null where nothing is known of such a name. Folders, their slashes and case do not matter.
const ReferredProgram* referred_program(std::string_view path);
bool is_ipxe_program(std::string_view path);

}  // namespace policy
