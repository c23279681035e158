// SPDX-License-Identifier: GPL-3.0-or-later
// The talk with a WDS boot program (wdsnbp.com, wdsmgfw.efi) in option 250 on port 4011: it
// reports the processor, waits for an administrator, is sent elsewhere or given up. Values in,
// a block out; what of it is proven is in docs/formats/wds-options.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "policy/facts.h"
#include "policy/network.h"
#include "policy/next_step.h"
#include "wire/dhcp4.h"
#include "wire/wds.h"

namespace session {

// How a boot program is told that it may go on. Both forms were seen from servers in the field,
// neither was seen to work with Microsoft's program.
enum class WdsApproved : std::uint8_t {
  file_only,    // the file, and no option 250: Microsoft's sample provider
  with_option,  // the file, «approval» with «action done», and how to ask at the machine
};

// What a request on 4011 says of itself; nothing where no WDS boot program sent it. One whose
// option cannot be read has said no more than that it asks.
std::optional<wire::wds::Block> read_wds(const wire::dhcp4::Message& request);
// The speaker is that program, and the processor of a BIOS machine is what it says.
void add_wds(const wire::wds::Block& said, policy::Facts& facts);

// What a boot program waits for, as the person before it is told.
struct WdsHold {
  std::uint32_t request = 0;  // 0: none yet
  std::string_view message;
  std::uint16_t poll_seconds = 0;
  std::uint16_t polls = 0;
  bool operator==(const WdsHold&) const = default;
};
WdsHold hold_for_approval(const policy::AskApproval& ask, const policy::PendingTerms& terms);
// A known machine whose answer takes its time: it asks again until it is there.
WdsHold hold_for_policy();

wire::wds::Block wds_hold(const WdsHold& hold);
wire::wds::Block wds_abort(std::string_view why);
wire::wds::Block wds_refer(base::Ipv4 server);
// Nothing: the option is left out. `said`: a question that was put already is not put again.
std::optional<wire::wds::Block> wds_go(const wire::wds::Block& said, policy::Prompting prompt,
                                       WdsApproved form);

}  // namespace session
