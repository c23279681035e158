// SPDX-License-Identifier: GPL-3.0-or-later
// Any file as a driver's description, and as a winpeshl.ini. Properties: what is taken shows as
// lines, has no more devices than allowed, and says the same when it comes in another encoding;
// a winpeshl.ini of ours starts our script first, and then what the one before started.
#include "format/inf.h"

#include <algorithm>

#include "base/utf8.h"
#include "bootimage/inject_start.h"
#include "format/setup_text.h"

namespace {

void check_inf(base::ByteView octets) {
  const auto inf = format::read_inf(octets);
  if (!inf) {
    BOOTFERRY_CHECK(!inf.error().what.empty());
    return;
  }
  const auto is_line = [](const std::string& text) { return base::one_line(text, text.size()) == text; };
  BOOTFERRY_CHECK(is_line(inf->driver_class) && std::ranges::all_of(inf->catalogs, is_line));
  std::size_t devices = 0;
  for (const format::InfModels& models : inf->models) {
    devices += models.devices.size();
    BOOTFERRY_CHECK(std::ranges::all_of(models.devices, is_line));
  }
  BOOTFERRY_CHECK(devices <= format::most_inf_devices);
  for (const auto arch : {policy::Arch::ia32, policy::Arch::x64, policy::Arch::arm64}) {
    const auto served = format::devices_for(*inf, arch);
    BOOTFERRY_CHECK(std::ranges::is_sorted(served) && served.empty() != format::is_for(*inf, arch));
  }
  format::SetupText text = format::decode_setup_text(octets);
  if (text.encoding == format::SetupEncoding::utf16) {
    text.encoding = format::SetupEncoding::utf8;
    const auto again = format::read_inf(format::encode_setup_text(text));
    BOOTFERRY_CHECK(again && *again == *inf);
  }
}

void check_winpeshl(base::ByteView octets) {
  const auto before = bootimage::read_winpeshl(base::as_text(octets));
  const auto ours = bootimage::print_winpeshl(base::as_text(octets));
  BOOTFERRY_CHECK(before.has_value() == ours.has_value());
  if (!ours) return;
  const auto after = bootimage::read_winpeshl(*ours);
  BOOTFERRY_CHECK(after && after->apps.size() == before->apps.size() + 1);
  BOOTFERRY_CHECK(std::equal(before->apps.begin(), before->apps.end(), after->apps.begin() + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_inf({data, size});
  check_winpeshl({data, size});
  return 0;
}
