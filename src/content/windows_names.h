// SPDX-License-Identifier: GPL-3.0-or-later
// The names that Windows' boot programs ask for: fixed ones, from the root of the TFTP server, as
// WDS («Boot\\x64\\…») and Configuration Manager («SMSBoot\\x64\\…», «SMSImages\\…») lay them out.
// Which image is meant depends on who asks.
#pragma once

#include <optional>
#include <string_view>

namespace content {

// The WIM itself.
inline constexpr std::string_view windows_image_name = "boot.wim";

// What was read of the WIM when it was taken in (content/wim_facts_json.h).
inline constexpr std::string_view windows_facts_name = "wim.json";

// The file of the asker's Windows image, by its name beside the WIM: "bootmgr.exe",
// "fonts/wgl4_boot.ttf", "boot.wim". Nothing for any other name: Windows asks for a dozen optional
// files, and wants to hear at once that they are not there.
std::optional<std::string_view> windows_file(std::string_view normalised);

// Where the boot manager looks for its boot configuration when nobody told it (option 252).
bool is_windows_bcd(std::string_view normalised);

}  // namespace content
