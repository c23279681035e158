// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/recipe.h"

#include "base/result.h"

namespace policy {
namespace {

constexpr std::string_view pxe = "PXEClient";
constexpr std::string_view http = "HTTPClient";

constexpr Recipe table[] = {
    {.kind = ClientKind::bios_rom,
     .offer_vendor_info = VendorInfo::just_boot,
     .offer_vendor_info_alone = VendorInfo::just_boot,
     .file_in_header = true,
     .file_in_option_67 = false,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = true,
     .evidence =
         "Intel PXE 2.1 tag 6 bit 3, the form that Pixiecore and Tinkerbell's smee send in the field; "
         "a ROM that is not iPXE: not seen live. Menus by the same specification",
     .seen_live = false,
     .referral = CanBeReferred::documented,
     .referral_evidence = "Intel PXE 2.1: the file comes from siaddr of the answer that names it; Microsoft "
                          "supports referrals of "
                          "BIOS machines, and many ROMs ignore option 66 and go by siaddr. A ROM that is not "
                          "iPXE: not seen live"},
    {.kind = ClientKind::uefi_pxe,
     .offer_vendor_info = VendorInfo::none,
     .offer_vendor_info_alone = VendorInfo::just_boot,
     .file_in_header = true,
     .file_in_option_67 = true,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = true,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = true,
     .evidence =
         "EDK2 of 2010-11 to 2017-04 drops proxy OFFERs with discovery tags in option 43 (commit "
         "8cdd559be6); "
         "without them every EDK2 asks 4011. OVMF 2022.11: both forms seen live, beside an untouched DHCP "
         "server and behind a relay. siaddr and file are for GRUBs patched to read the proxy OFFER. A menu "
         "(tags 6, 8, 9, 10) is shown by OVMF, which then asks 4011 for the item: seen live",
     .seen_live = true,
     .referral = CanBeReferred::proven,
     .referral_evidence =
         "EDK2 asks siaddr of the OFFER on port 4011 and loads from siaddr of the answer. OVMF 2022.11: seen "
         "live, through OFFER and "
         "4011"},
    {.kind = ClientKind::uefi_http,
     .offer_vendor_info = VendorInfo::none,
     .offer_vendor_info_alone = VendorInfo::none,
     .file_in_header = false,
     .file_in_option_67 = true,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = http,
     .file_is_url = true,
     .shows_menu = false,
     .evidence =
         "OVMF 2022.11: HTTPClient proxy OFFER with the URL in option 67 and yiaddr 0 accepted, nothing on "
         "4011, seen live. EDK2 takes an OFFER without a URL, or of class PXEClient, for an error",
     .seen_live = true,
     .referral = CanBeReferred::unproven,
     .referral_evidence =
         "the URL names a host of its own, which EDK2 fetches from by its source; not seen live"},
    {.kind = ClientKind::ipxe,
     .offer_vendor_info = VendorInfo::just_boot,
     .offer_vendor_info_alone = VendorInfo::just_boot,
     .file_in_header = true,
     .file_in_option_67 = false,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = false,
     .evidence =
         "iPXE of 2019-01, BIOS ROM and snponly.efi, and 2.0.0+: OFFER with siaddr, file and 43 = 06 01 08 "
         "taken at once without 4011, seen live. Without option 60 it is ignored; a menu makes the ROM ask "
         "4011 and ended snponly.efi",
     .seen_live = true,
     .referral = CanBeReferred::proven,
     .referral_evidence = "siaddr of the proxy OFFER that names the file. iPXE of 2019-01, BIOS ROM and "
                          "snponly.efi: seen live"},
    {.kind = ClientKind::uboot,
     .offer_vendor_info = VendorInfo::none,
     .offer_vendor_info_alone = VendorInfo::none,
     .file_in_header = true,
     .file_in_option_67 = false,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = false,
     .evidence = "U-Boot net/bootp.c: siaddr and the header's file count, options 43 and 66 and port 4011 "
                 "are unknown "
                 "to it (also siderolabs/booter#11); not seen live",
     .seen_live = false,
     .referral = CanBeReferred::documented,
     .referral_evidence =
         "U-Boot net/bootp.c takes siaddr, and no other field, for its TFTP server; not seen live"},
    {.kind = ClientKind::raspberry_pi,
     .offer_vendor_info = VendorInfo::pi_menu,
     .offer_vendor_info_alone = VendorInfo::pi_menu,
     .file_in_header = true,
     .file_in_option_67 = false,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = false,
     .evidence =
         "Boot ROM of the Pi 3: takes the sender of an OFFER of class PXEClient whose menu has the entry "
         "«Raspberry Pi Boot» and ignores siaddr (raspberrypi/firmware#1265, rpi-eeprom#182); not seen live",
     .seen_live = false,
     .referral = CanBeReferred::no,
     .referral_evidence = "takes the sender of the OFFER and ignores siaddr (raspberrypi/firmware#1265)"},
    {.kind = ClientKind::wds_program,
     .offer_vendor_info = VendorInfo::none,
     .offer_vendor_info_alone = VendorInfo::none,
     .file_in_header = true,
     .file_in_option_67 = false,
     .offer_names_file = true,
     .asks_siaddr_on_4011 = false,
     .answer_class = pxe,
     .file_is_url = false,
     .shows_menu = false,
     .evidence =
         "wdsnbp.com prints the header's file of a WDS server's ACK as what it downloads, in a published "
         "trace; Microsoft's sample provider sets the same field. No answer of ours: not seen live",
     .seen_live = false,
     .referral = CanBeReferred::documented,
     .referral_evidence = "option 250 with next action 3 and the server's address (Windows SDK, wdsbp.h)"},
};

}  // namespace

std::span<const Recipe> recipes() { return table; }

const Recipe& recipe_for(ClientKind kind) {
  for (const Recipe& recipe : table) {
    if (recipe.kind == kind) return recipe;
  }
  base::check_failed("a recipe for every client kind", __FILE__, __LINE__);
}

bool can_be_referred(ClientKind kind) {
  const CanBeReferred referral = recipe_for(kind).referral;
  return referral == CanBeReferred::proven || referral == CanBeReferred::documented;
}

}  // namespace policy
