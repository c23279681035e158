// SPDX-License-Identifier: GPL-3.0-or-later
// What a Windows image file (WIM, ESD) says about itself, as values. Texts are the file's own,
// made one printable line; what the file does not say is empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/pe_program.h"
#include "policy/arch.h"

namespace format {

// Of the XML document in the file.
struct WimImage {
  int index = 0;  // from 1 on
  std::string name = {};
  std::string description = {};
  std::optional<policy::Arch> arch = {};  // none: it holds no Windows
  std::string product = {};
  std::string version = {};  // "10.0.26100.1"
  std::vector<std::string> languages = {};
  std::string default_language = {};
  std::string system_directory = {};  // "WINDOWS"
  std::string creator = {};           // few images have one
  bool operator==(const WimImage&) const = default;
};

// A file for the network boot that was found in the image.
struct WimBootFile {
  std::string name;        // what to publish it as: "wdsnbp.com", "fonts/wgl4_boot.ttf"
  std::string path;        // where it stands in the image, as the image spells it
  std::uint64_t size = 0;  // octets
  // Of PE programs; the fault is why one of them, by its name, could not be read or used.
  std::optional<PeProgram> program = {};
  std::string fault = {};
  bool operator==(const WimBootFile&) const = default;
};

enum class WimCompression { none, xpress, lzx, lzms };
std::string_view print(WimCompression compression);
std::optional<WimCompression> parse_wim_compression(std::string_view text);

struct WimFacts {
  std::uint64_t size = 0;  // octets of the file
  WimCompression compression = WimCompression::none;
  std::uint32_t chunk_size = 0;  // octets that are compressed together
  bool solid = false;            // whole files are compressed together: an ESD
  bool integrity_table = false;
  int boot_index = 0;  // what the header says: 0 for none
  int image = 0;       // the one that boots: the header's, else the last
  std::vector<WimImage> images;
  std::vector<WimBootFile> boot_files;  // of `image`
  bool operator==(const WimFacts&) const = default;

  [[nodiscard]] const WimImage& booted() const { return images[static_cast<std::size_t>(image) - 1]; }
};

// Bounds of what the facts may hold: whoever reads them from elsewhere refuses more.
inline constexpr int most_wim_images = 64;
inline constexpr std::size_t most_wim_languages = 64;
inline constexpr std::size_t longest_wim_text = 1024;  // octets
inline constexpr std::size_t most_wim_boot_files = 128;
inline constexpr std::uint64_t largest_wim_boot_file = 32U << 20U;

}  // namespace format
