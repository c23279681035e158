// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/wim_boot_files.h"

#include <algorithm>

namespace format {
namespace {

using policy::Arch;

constexpr std::uint8_t bit(Arch arch) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(arch)); }
constexpr std::uint8_t pc = bit(Arch::ia32) | bit(Arch::x64);
constexpr std::uint8_t efi = pc | bit(Arch::arm32) | bit(Arch::arm64);

constexpr std::string_view no_headless = "Machines without a screen cannot be booted over their serial port.";
constexpr std::string_view not_2023 =
    "Under Secure Boot, machines that trust Microsoft's CA of 2023 alone refuse the image.";

// Windows\Boot of WinPE and of install media. The _EX files are the same programs, signed by
// «Windows UEFI CA 2023» as a rule; who really signed is read from each.
constexpr WimBootPiece pieces[] = {
    {"wdsnbp.com",
     {"/Windows/Boot/PXE/wdsnbp.com"},
     pc,
     "BIOS machines cannot be kept waiting, nor tell what processor they have, before this image starts."},
    {"pxeboot.com",
     {"/Windows/Boot/PXE/pxeboot.com"},
     pc,
     "BIOS machines start this image without asking for F12."},
    {"pxeboot.n12",
     {"/Windows/Boot/PXE/pxeboot.n12"},
     pc,
     "BIOS machines start this image only when somebody presses F12."},
    {"abortpxe.com",
     {"/Windows/Boot/PXE/abortpxe.com"},
     pc,
     "BIOS machines cannot be sent on to their disk by Windows' own program."},
    {"bootmgr.exe", {"/Windows/Boot/PXE/bootmgr.exe"}, pc, "BIOS machines cannot boot this image."},
    {"hdlscom1.com", {"/Windows/Boot/PXE/hdlscom1.com"}, pc, no_headless},
    {"hdlscom1.n12", {"/Windows/Boot/PXE/hdlscom1.n12"}, pc, no_headless},
    {"hdlscom2.com", {"/Windows/Boot/PXE/hdlscom2.com"}, pc, no_headless},
    {"hdlscom2.n12", {"/Windows/Boot/PXE/hdlscom2.n12"}, pc, no_headless},
    {"wdsmgfw.efi",
     {"/Windows/Boot/PXE/wdsmgfw.efi", "/Windows/Boot/EFI/wdsmgfw.efi"},
     efi,
     "UEFI machines cannot be kept waiting by Windows' own program before this image starts."},
    {"bootmgfw.efi",
     {"/Windows/Boot/EFI/bootmgfw.efi", "/Windows/Boot/PXE/bootmgfw.efi"},
     efi,
     "UEFI machines cannot boot this image, unless bootmgfw_EX.efi is there and suits them."},
    {"bootmgr.efi",
     {"/Windows/Boot/EFI/bootmgr.efi"},
     efi,
     "Nothing changes over the network; media made from this image lack a file."},
    {"wdsmgfw_EX.efi",
     {"/Windows/Boot/PXE_EX/wdsmgfw_EX.efi", "/Windows/Boot/EFI_EX/wdsmgfw_EX.efi"},
     efi,
     "Under Secure Boot, machines that trust Microsoft's CA of 2023 alone refuse wdsmgfw.efi."},
    {"bootmgfw_EX.efi",
     {"/Windows/Boot/EFI_EX/bootmgfw_EX.efi", "/Windows/Boot/PXE_EX/bootmgfw_EX.efi"},
     efi,
     not_2023},
    {"bootmgr_EX.efi", {"/Windows/Boot/EFI_EX/bootmgr_EX.efi"}, efi, ""},
    {"boot.stl",
     {"/Windows/Boot/EFI/boot.stl"},
     efi,
     "The boot managers of Windows 11 24H2 and later may refuse to go on under Secure Boot."},
    {"fonts/", {"/Windows/Boot/Fonts"}, efi, ""},
    {"fonts/wgl4_boot.ttf", {"/Windows/Boot/Fonts/wgl4_boot.ttf"}, efi, "The boot menu will be blank."},
    {"fonts_ex/", {"/Windows/Boot/Fonts_EX"}, efi, ""},
    {"boot.sdi",
     {"/Windows/Boot/DVD/EFI/boot.sdi", "/Windows/Boot/DVD/PCAT/boot.sdi", "/sms/boot/boot.sdi"},
     efi,
     "The image boots only with a boot.sdi from elsewhere: its RAM disk cannot be made without one."},
};

bool has(const WimFacts& facts, std::string_view name) {
  return std::ranges::any_of(facts.boot_files,
                             [&](const WimBootFile& f) { return f.name == name && f.fault.empty(); });
}

}  // namespace

std::span<const WimBootPiece> wim_boot_pieces() { return pieces; }

bool is_wim_font(std::string_view name) {
  // These names become names on disk and in URLs: nothing but what fonts really use.
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.size() < 5 || name.size() > 64) return false;
  const std::string_view stem = name.substr(0, name.size() - 4);
  const std::string_view end = name.substr(stem.size());
  return std::ranges::all_of(stem, plain) && end[0] == '.' && (end[1] | 0x20) == 't' &&
         (end[2] | 0x20) == 't' && (end[3] | 0x20) == 'f';
}

std::vector<WimLack> missing_pieces(const WimFacts& facts) {
  std::vector<WimLack> lacks;
  const auto arch = facts.booted().arch;
  if (!arch) return lacks;
  for (const WimBootPiece& piece : pieces) {
    if ((piece.archs & bit(*arch)) == 0 || piece.without.empty()) continue;
    if (!has(facts, piece.name)) lacks.push_back({piece.name, piece.without});
  }
  return lacks;
}

std::vector<Arch> served_by(const WimFacts& facts) {
  std::vector<Arch> archs;
  const auto arch = facts.booted().arch;
  if (!arch || (efi & bit(*arch)) == 0) return archs;
  const bool starts = has(facts, "pxeboot.com") || has(facts, "pxeboot.n12");
  if ((pc & bit(*arch)) != 0 && starts && has(facts, "bootmgr.exe")) archs.push_back(Arch::bios);
  if (has(facts, "bootmgfw.efi") || has(facts, "bootmgfw_EX.efi")) archs.push_back(*arch);
  return archs;
}

}  // namespace format
