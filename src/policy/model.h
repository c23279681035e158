// SPDX-License-Identifier: GPL-3.0-or-later
// Boot images and boot programs, and the settings of chains. People's words, no bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "policy/arch.h"

namespace policy {

// A kernel with its initrds; a folder of files that has both somewhere; a Windows image; a unified
// kernel image, which is a UEFI program and has its kernel and initrds beside it for BIOS machines.
enum class ImageKind : std::uint8_t { linux_kernel, tree, wim, uki };
std::string_view print(ImageKind kind);  // "linux", "tree", "wim", "uki"
std::optional<ImageKind> parse_image_kind(std::string_view text);

// Only a published image is chosen. Neither of the others is served: a draft not yet, a
// withdrawn one no longer, except to machines that are fetching it already.
enum class ImageState : std::uint8_t { draft, published, withdrawn };
std::string_view print(ImageState state);
std::optional<ImageState> parse_image_state(std::string_view text);

// A boot image. Paths are those of the published tree («images/debian/1/linux»).
struct Image {
  std::int64_t id = 0;
  std::string name;
  ImageKind kind = ImageKind::linux_kernel;
  std::string kernel;  // of a Windows image: the WIM; of a unified one: all of it
  std::vector<std::string> initrds;
  std::string command_line;
  // Which machines the kernel runs on. A BIOS machine counts as x64 here: PXE cannot tell.
  Arch arch = Arch::x64;
  ImageState state = ImageState::published;
  bool operator==(const Image&) const = default;
};

// The kernel that BIOS loaders take: of a unified image the one beside it, which has this name.
inline constexpr std::string_view uki_kernel_name = "linux";
std::string bios_kernel(const Image& image);

// What a boot program is given out for. A loader that renders menus can do all of them; a
// program that only boots, or only asks for F12, does one.
enum class Role : std::uint8_t {
  boot,    // boots at once
  prompt,  // asks for a key first
  abort,   // goes on to the next boot device
  detect,  // tells the processor, waits for an approval (Windows' wdsnbp.com and its relatives)
};
inline constexpr std::size_t role_count = 4;
std::string_view print(Role role);
std::optional<Role> parse_role(std::string_view text);

// A boot program that an administrator added: where we have none of our own, and in place of
// ours where we have.
struct Program {
  std::int64_t id = 0;
  std::string name;  // unique; devices and deployments name it by this
  Arch arch = Arch::other;
  // For what it is the default on its architecture; none: given only to whom it is named for.
  std::vector<Role> roles;
  bool console = false;       // for machines whose console is a serial line
  std::string path;           // in the published tree
  std::string manifest = {};  // as an image record's; empty also where the path is somebody else's
  bool operator==(const Program&) const = default;
};

// Which chain a UEFI machine gets when nothing says whether Secure Boot is on: DHCP cannot
// reveal it. ipxe: works beside any DHCP server, refused under Secure Boot. shim: runs under
// Secure Boot, but its GRUB reads the server's address from the DHCP ACK only.
enum class UnknownUefi : std::uint8_t { ipxe, shim };
// What an iPXE in a BIOS ROM gets: a script over HTTP, or pxelinux like any other ROM.
enum class BiosIpxe : std::uint8_t { script, pxelinux };

// What Windows' boot manager is told beyond what to load.
struct WindowsTerms {
  std::uint32_t tftp_block_size = 0;   // octets, 512 to 65464; 0: as the boot manager likes
  std::uint32_t tftp_window_size = 0;  // blocks, 1 to 65535; 0: likewise
  std::string locale;                  // "de-DE"; empty: the image's own
  bool operator==(const WindowsTerms&) const = default;
};

struct Settings {
  UnknownUefi unknown_uefi = UnknownUefi::ipxe;
  BiosIpxe bios_ipxe = BiosIpxe::script;
  std::uint16_t prompt_seconds = 10;  // how long a prompt waits before the local disk boots; 0 counts as 1
  bool http = true;                   // our HTTP service is on
  std::uint16_t http_port = 80;
  bool serial_console = false;    // machines get the console variants of boot programs, where there are
  std::uint16_t images_port = 0;  // where another server that stands before us serves images by HTTP; 0: none
  WindowsTerms windows = {};
  bool operator==(const Settings&) const = default;
};

}  // namespace policy
