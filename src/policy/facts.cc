// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/facts.h"

namespace policy {

std::string_view print(ClientKind kind) {
  switch (kind) {
    case ClientKind::bios_rom:
      return "bios-rom";
    case ClientKind::uefi_pxe:
      return "uefi-pxe";
    case ClientKind::uefi_http:
      return "uefi-http";
    case ClientKind::ipxe:
      return "ipxe";
    case ClientKind::uboot:
      return "u-boot";
    case ClientKind::raspberry_pi:
      return "raspberry-pi";
    case ClientKind::wds_program:
      return "wds-program";
  }
  return "unknown";
}

std::string_view print(Firmware firmware) {
  switch (firmware) {
    case Firmware::bios:
      return "bios";
    case Firmware::uefi:
      return "uefi";
    case Firmware::uboot:
      return "u-boot";
    case Firmware::raspberry_pi:
      return "raspberry-pi";
  }
  return "unknown";
}

std::optional<Firmware> parse_firmware(std::string_view text) {
  for (const Firmware each : {Firmware::bios, Firmware::uefi, Firmware::uboot, Firmware::raspberry_pi}) {
    if (print(each) == text) return each;
  }
  return std::nullopt;
}

Firmware Facts::firmware() const {
  if (kind == ClientKind::uboot) return Firmware::uboot;
  if (kind == ClientKind::raspberry_pi) return Firmware::raspberry_pi;
  return arch == Arch::bios ? Firmware::bios : Firmware::uefi;
}

}  // namespace policy
