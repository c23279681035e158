// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/windows_names.h"

#include <algorithm>
#include <array>

#include "format/wim_boot_files.h"

namespace content {
namespace {

bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view normalised, std::string_view name) {
  return std::ranges::equal(normalised, name, {}, {}, lower);
}

// A row of the table of files that images bring: itself, or a font of a folder.
bool is_boot_file(std::string_view name) {
  const std::size_t slash = name.find('/');
  return std::ranges::any_of(format::wim_boot_pieces(), [&](const format::WimBootPiece& piece) {
    if (!piece.name.ends_with('/')) return same(name, piece.name);
    return slash != std::string_view::npos && same(name.substr(0, slash + 1), piece.name) &&
           format::is_wim_font(name.substr(slash + 1));
  });
}

}  // namespace

std::optional<std::string_view> windows_file(std::string_view name) {
  if (consume(name, "smsimages/")) {
    const std::size_t slash = name.find('/');
    const bool wim = slash != std::string_view::npos && slash > 0 &&
                     name.find('/', slash + 1) == std::string_view::npos && name.ends_with(".wim");
    return wim ? std::optional(windows_image_name) : std::nullopt;
  }
  // "bootmgr.exe" is asked for beside the boot program, and at the root.
  if (!consume(name, "smsboot/")) consume(name, "boot/");
  for (const std::string_view arch : {"x86/", "x64/", "arm64/"}) {
    if (consume(name, arch)) break;
  }
  if (consume(name, "images/")) {
    const bool wim = name.find('/') == std::string_view::npos && name.ends_with(".wim");
    return wim ? std::optional(windows_image_name) : std::nullopt;
  }
  return is_boot_file(name) ? std::optional(name) : std::nullopt;
}

bool is_windows_bcd(std::string_view name) { return name == "boot/bcd" || name == "smsboot/bcd"; }

}  // namespace content
