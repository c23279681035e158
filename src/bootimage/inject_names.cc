// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_names.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "format/wim_boot_files.h"

namespace bootimage {
namespace {

constexpr std::size_t longest_path = 200;  // Windows' own programs count to 259
constexpr std::size_t longest_name = 40;

// «Naming Files, Paths, and Namespaces».
bool is_reserved(std::string_view part) {
  const std::string stem = base::lowered(part.substr(0, part.find('.')));
  for (const char* name : {"con", "prn", "aux", "nul", "conin$", "conout$"}) {
    if (stem == name) return true;
  }
  const bool port = stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
  return port && stem[3] >= '0' && stem[3] <= '9';
}

base::Status check_part(std::string_view part) {
  if (part == "." || part == "..") return base::fail("it holds \"{}\"", part);
  if (part.find_first_of("<>:\"|?*") != part.npos)
    return base::fail("Windows has no file names with any of <>:\"|?*");
  if (base::one_line(part, longest_path) != part)
    return base::fail("it holds what is no printable character, or blanks in a row");
  if (part.ends_with('.') || part.ends_with(' '))
    return base::fail("Windows has no file names that end in a dot or a blank");
  if (is_reserved(part)) return base::fail("{} is a device to Windows", part);
  return {};
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

base::Result<std::string> image_path(std::string_view typed) {
  const auto refuse = [&](const std::string& why) {
    return base::fail("\"{}\": {}", base::one_line(typed, longest_path), why);
  };
  std::string path(typed);
  std::ranges::replace(path, '\\', '/');
  if (path.size() > 1 && is_letter(path[0]) && path[1] == ':')
    return refuse("no drive: the image itself is the drive, \\folder\\file");
  if (!path.starts_with('/')) return refuse("from the image's root on, \\folder\\file");
  if (path.size() > longest_path) return refuse("a longer name than Windows' programs take");
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, end - at);
    at = end + 1;
    if (part.empty()) continue;
    if (const auto good = check_part(part); !good) return refuse(good.error().what);
    out.append("/").append(part);
  }
  if (out.empty()) return refuse("that is the image itself");
  return out;
}

std::string as_windows(std::string_view path) {
  std::string out(path);
  std::ranges::replace(out, '/', '\\');
  return out;
}

std::vector<std::string> parents_of(std::string_view path) {
  std::vector<std::string> parents;
  for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1))
    parents.emplace_back(path.substr(0, at));
  return parents;
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return base::same_but_for_case(path.substr(0, folder.size()), folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

bool is_boot_program(std::string_view path) {
  constexpr std::string_view starters[] = {
      "/bootmgr",
      "/Windows/System32/winload.exe",
      "/Windows/System32/winload.efi",
      "/Windows/System32/Boot",
      "/Windows/System32/ntoskrnl.exe",
      "/Windows/System32/hal.dll",
      "/Windows/System32/smss.exe",
      "/Windows/System32/winpeshl.exe",
      "/Windows/System32/config",
  };
  const auto covers = [&](std::string_view place) { return !place.empty() && is_at_or_below(path, place); };
  return std::ranges::any_of(starters, covers) ||
         std::ranges::any_of(format::wim_boot_pieces(), [&](const format::WimBootPiece& piece) {
           return std::ranges::any_of(piece.places, covers);
         });
}

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
    if (out.size() == longest_name) break;
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out.empty() ? "driver" : out;
}

}  // namespace bootimage
