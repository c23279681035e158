// SPDX-License-Identifier: GPL-3.0-or-later
// Any value of the options 43, 60, 77, 82, 93 and 175: each decoder gets the whole input.
// Property for 43, the only one that is written too: what decodes and fits one option
// goes back to octets which decode to it again.
#include "wire/pxe.h"

#include "base/result.h"
#include "wire/tlv.h"

namespace pxe = wire::pxe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView value(data, size);

  const pxe::VendorClass vendor_class = pxe::decode_vendor_class(base::as_text(value));
  BOOTFERRY_CHECK(vendor_class.kind != pxe::ClassKind::none || !vendor_class.arch);
  if (const auto arch = pxe::decode_client_arch(value)) BOOTFERRY_CHECK(!pxe::arch_name(*arch).empty());
  static_cast<void>(pxe::user_class_is(value, "iPXE"));
  BOOTFERRY_CHECK(pxe::user_class_is(value, base::as_text(value)));
  static_cast<void>(pxe::decode_ipxe(value));
  for (const std::uint8_t code : {pxe::relay_tag::link_selection, pxe::relay_tag::server_id_override}) {
    static_cast<void>(pxe::find_relay_address(value, code));
  }

  // However broken, a list has no more items than octets: the walk ends.
  std::size_t items = 0;
  for (wire::TlvWalker walker(value, wire::TlvStyle::plain); walker.next();) ++items;
  BOOTFERRY_CHECK(items * 2 <= size);

  const auto info = pxe::decode_vendor_info(value);
  if (!info) {
    BOOTFERRY_CHECK(pxe::print(info.error()) != "?");
    return 0;
  }
  BOOTFERRY_CHECK(info->boot_item == pxe::find_boot_item(value));
  const auto octets = pxe::encode_vendor_info(*info);
  // Encoding adds at most the end tag that the input may lack.
  BOOTFERRY_CHECK(octets || size + 1 > 255);
  if (!octets) return 0;
  BOOTFERRY_CHECK(octets->size() <= size + 1);
  const auto again = pxe::decode_vendor_info(*octets);
  BOOTFERRY_CHECK(again && *again == *info);
  return 0;
}
