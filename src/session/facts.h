// SPDX-License-Identifier: GPL-3.0-or-later
// A DHCP message -> who asks. The one place where option numbers become people's words.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "policy/facts.h"
#include "wire/dhcp4.h"

namespace session {

enum class FactsRefusal : std::uint8_t {
  bad_hardware_address,  // not Ethernet, all zero, or a group address: names no machine
  not_network_boot,      // an operating system's DHCP client: none of our business
  malformed_machine_id,  // option 97 of another form than RFC 4578 §2.3
};

// Never looks at the message's type or addresses; `relay` is giaddr.
//   - a client is one by option 60 ("PXEClient…", "HTTPClient…", "U-Boot…"), by iPXE's mark
//     (option 77 in either spelling, or 175), or by an architecture id of U-Boot's;
//   - without a readable option 93 the class text gives the architecture, else it is BIOS;
//   - option 97 may be missing (some Intel ROMs); one that was never set (all 0, all 1) is
//     treated as missing, a broken one is refused.
base::Result<policy::Facts, FactsRefusal> facts_from(const wire::dhcp4::Message& m);

}  // namespace session
