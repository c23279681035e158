// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pxe_menu.h"

#include <algorithm>
#include <span>
#include <string>

#include "wire/pxe.h"

namespace session {
namespace {

constexpr std::string_view local_disk = "Local disk";
constexpr std::size_t longest_title = 40, shortest_title = 8;
constexpr unsigned longest_countdown = 254;  // 255 waits for ever

// ROMs show it in text mode.
std::string ascii(std::string_view text, std::size_t longest) {
  std::string out(text.substr(0, longest));
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

wire::pxe::VendorInfo menu_of(std::span<const policy::RomMenu::Entry> entries, bool silence_boots,
                              base::Ipv4 server, unsigned seconds, std::size_t longest) {
  using namespace wire::pxe;
  VendorInfo info;
  info.discovery_control = control::no_broadcast | control::no_multicast | control::only_listed;
  for (const policy::RomMenu::Entry& entry : entries) {
    info.boot_servers.push_back({entry.item, {server}});
    info.menu.push_back({entry.item, ascii(entry.title, longest)});
  }
  info.menu.insert(silence_boots ? info.menu.end() : info.menu.begin(), {0, std::string(local_disk)});
  info.prompt = MenuPrompt{static_cast<std::uint8_t>(std::clamp(seconds, 1U, longest_countdown)),
                           "F8: Bootferry's menu"};
  return info;
}

}  // namespace

std::optional<base::Bytes> pxe_menu(const policy::RomMenu& menu, base::Ipv4 server, unsigned seconds) {
  for (auto entries = menu.list(); !entries.empty(); entries = entries.first(entries.size() - 1)) {
    for (std::size_t longest = longest_title; longest >= shortest_title; longest -= 4) {
      const auto info = menu_of(entries, menu.silence_boots, server, seconds, longest);
      if (auto bytes = wire::pxe::encode_vendor_info(info)) return bytes;
    }
  }
  return std::nullopt;
}

}  // namespace session
