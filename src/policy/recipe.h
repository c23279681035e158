// SPDX-License-Identifier: GPL-3.0-or-later
// How each kind of firmware must be answered, in one table with the evidence for each row.
// A new quirk is a new row here (or a new column), never an `if` elsewhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/decide.h"

namespace policy {

// Whether the firmware fetches its boot file from the server that our answer names (siaddr, a URL)
// instead of from us.
enum class CanBeReferred : std::uint8_t {
  proven,      // seen live
  documented,  // by its specification or its source; enough for BIOS and U-Boot, not for UEFI
  unproven,
  no,
};

enum class VendorInfo : std::uint8_t {
  none,       // no option 43: EDK2 of 2010-2017 drops a proxy OFFER with discovery tags
  just_boot,  // 06 01 08 ff: take the file, no discovery
  pi_menu,    // the Raspberry Pi's own menu entry
};

struct Recipe {
  ClientKind kind;
  VendorInfo offer_vendor_info;
  // The same while our boot service (4011) is off. Without option 43 EDK2 always asks 4011
  // before it boots, so where nobody would answer it must be told not to.
  VendorInfo offer_vendor_info_alone;
  // Where the boot file's name goes. EDK2 prefers 67; U-Boot and old ROMs read only `file`.
  bool file_in_header;
  // In 67 it ends in a NUL inside the option: EDK2 writes one behind the value when there is
  // none, into the next option's code.
  bool file_in_option_67;
  // The OFFER carries the file. Without one, the client must come to 4011.
  bool offer_names_file;
  // Without option 43 in the OFFER it asks port 4011 of the OFFER's siaddr whatever else that says, and
  // takes the file and its server from there. So that siaddr is ours even where it is referred.
  bool asks_siaddr_on_4011;
  // Vendor class of the answer: "PXEClient" or "HTTPClient".
  std::string_view answer_class;
  // Files are absolute URLs. (A script is one for everybody.)
  bool file_is_url;
  // It shows a PXE menu (option 43, tags 6 and 8 to 10) and comes to 4011 with what was chosen.
  bool shows_menu;
  // What was seen, where. «not seen live» when only packets prove it.
  std::string_view evidence;
  bool seen_live;
  CanBeReferred referral;
  std::string_view referral_evidence;
};

std::span<const Recipe> recipes();
const Recipe& recipe_for(ClientKind kind);
bool can_be_referred(ClientKind kind);  // proven or documented

}  // namespace policy
