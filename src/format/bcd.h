// SPDX-License-Identifier: GPL-3.0-or-later
// Boot configuration data: the store that tells Windows' boot manager what to load. This one
// loads RAM disks over TFTP: one store per image, or per client with a menu of several.
// Settings in, the bytes of a registry hive out; the same settings give the same bytes.
// Elements, their encodings and where each fact comes from: docs/formats/bcd.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/result.h"
#include "format/registry_hive.h"

namespace format {

// Which program in the image is started. WDS's own stores name none: the boot manager then
// takes the one for its firmware, and the store serves both. Needed where a boot manager does
// not do so.
enum class WindowsLoader : std::uint8_t { by_firmware, winload_exe, winload_efi };

// Paths are as the client is to ask for them over TFTP, from its root: "\Boot\x64\boot.wim".
struct BcdImage {
  std::string description;  // a line of the menu
  std::string wim_path;
  std::string sdi_path;  // the boot.sdi that the RAM disk is laid out by
  WindowsLoader loader = WindowsLoader::by_firmware;
  std::string locale = {};  // of its loader's messages; empty: the store's
};

// Kernel debugging over a serial line: COM1 is 1.
struct SerialDebugging {
  std::uint32_t port = 1;
  std::uint32_t baud = 115'200;
};
// Over the network. The key is no secret any more once the store is served by TFTP.
struct NetDebugging {
  base::Ipv4 host;
  std::uint16_t port = 50'000;
  std::string key;  // four groups of letters and digits, with dots: "1.2.3.4"
};

struct BcdStore {
  std::vector<BcdImage> images;  // the menu's order; 1 to most_bcd_images
  std::size_t default_image = 0;
  std::uint32_t timeout = 30;    // seconds that the menu waits; it shows with two images or more
  std::string locale = "en-US";  // of the boot manager's messages and menu
  std::string fonts_path = {};   // "\Boot\Fonts"; empty: the boot manager's own place
  std::optional<std::uint32_t> tftp_block_size = {};   // octets, 512 to 65464
  std::optional<std::uint32_t> tftp_window_size = {};  // blocks, 1 to 65535
  std::variant<std::monostate, SerialDebugging, NetDebugging> debugging = {};
};

// "en-US", "zh-Hant-TW".
bool is_bcd_locale(std::string_view text);

inline constexpr std::size_t most_bcd_images = 32;
inline constexpr std::size_t longest_bcd_path = 250;         // UTF-16 units
inline constexpr std::size_t longest_bcd_description = 128;  // UTF-16 units

// Refuses, with the setting's name, what does not make a store: no image, a path that is not
// absolute, control characters, what is no UTF-8, numbers out of bounds.
base::Result<base::Bytes> write_bcd(const BcdStore& store);

// The same as a tree, before it becomes bytes.
base::Result<HiveKey> bcd_tree(const BcdStore& store);

}  // namespace format
