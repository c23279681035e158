// SPDX-License-Identifier: GPL-3.0-or-later
// How Windows PE comes to load injected drivers and to run a command. winpeshl.exe starts what
// winpeshl.ini names; without one \setup.exe; without that cmd /k startnet.cmd. So there is a script
// of ours, and whichever of them applies starts it first.
//
// Sources: Microsoft's «Winpeshl.ini Reference» and «Drvload Command-Line Options»; that \setup.exe
// goes before startnet.cmd is not documented and was found by people who tried. None of it was
// tried here with Microsoft's Windows PE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootimage {

// What we put where.
inline constexpr std::string_view start_script = "/Windows/System32/bootferry-start.cmd";
inline constexpr std::string_view inject_record = "/Windows/System32/bootferry-inject.txt";
inline constexpr std::string_view startnet_file = "/Windows/System32/startnet.cmd";
inline constexpr std::string_view startnet_before = "/Windows/System32/startnet-original.cmd";
inline constexpr std::string_view winpeshl_file = "/Windows/System32/winpeshl.ini";
inline constexpr std::string_view winpeshl_before = "/Windows/System32/winpeshl-original.ini";
inline constexpr std::string_view windows_setup = "/setup.exe";

// What runs after the drivers are loaded, before the command.
enum class Before : std::uint8_t { nothing, startnet, wpeinit };

// `infs` are paths in the image. The command is a line of the script, as it is.
std::string print_start_script(const std::vector<std::string>& infs, Before before, std::string_view command);
base::Status check_start_command(std::string_view command);
// Whether a script can name it.
base::Status check_inf_path(std::string_view path);

// startnet.cmd that runs the script.
std::string print_startnet();

// What a winpeshl.ini starts, each as it stands in [LaunchApps]. Refused where it starts nothing.
struct LaunchedApps {
  std::vector<std::string> apps;
};
base::Result<LaunchedApps> read_winpeshl(std::string_view octets);
// One that runs the script, and then what `before` (octets; may be empty) runs.
base::Result<std::string> print_winpeshl(std::string_view before);
// The same for Windows Setup, which has none.
std::string print_setup_winpeshl();

// What an inject put into an image, kept in it for the next one.
struct InjectRecord {
  enum class Start : std::uint8_t { none, startnet, winpeshl };
  Start start = Start::none;
  std::vector<std::string> put;  // files and folders that were not there before
};
std::string print_inject_record(const InjectRecord& record);
base::Result<InjectRecord> parse_inject_record(std::string_view text);

}  // namespace bootimage
