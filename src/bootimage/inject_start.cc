// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_start.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/bytes.h"
#include "bootimage/inject_names.h"
#include "format/setup_text.h"

namespace bootimage {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_command = 8000;  // cmd.exe reads 8191 characters as one line
constexpr std::string_view run_script =
    "%SYSTEMROOT%\\System32\\cmd.exe, /c %SYSTEMROOT%\\System32\\bootferry-start.cmd";
constexpr std::string_view record_head = "bootferry inject 1";
constexpr std::string_view start_names[] = {"none", "startnet", "winpeshl"};
constexpr std::size_t most_put = 100'000;

// To a script a percent sign begins a variable.
std::string in_script(std::string_view path) {
  std::string out;
  for (const char c : as_windows(path)) out.append(c == '%' ? 2 : 1, c);
  return out;
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

std::string with_apps(const std::vector<std::string>& apps) {
  std::string out = fmt::format("[LaunchApps]{}{}{}", line_end, run_script, line_end);
  for (const std::string& app : apps) out.append(app).append(line_end);
  return out;
}

base::Result<LaunchedApps> apps_of(const format::SetupText& text) {
  LaunchedApps launched;
  for (const format::SetupSection& section : format::sections_of(text.text)) {
    if (base::same_but_for_case(section.name, "LaunchApps")) {
      launched.apps.insert(launched.apps.end(), section.lines.begin(), section.lines.end());
    } else if (base::same_but_for_case(section.name, "LaunchApp")) {
      for (const std::string& line : section.lines) {
        format::SetupEntry entry = format::entry_of(line);
        if (base::same_but_for_case(entry.key, "AppPath") && !entry.value.empty() && entry.value[0] != '[')
          launched.apps.push_back(std::move(entry.value));
      }
    }
  }
  if (!launched.apps.empty()) return launched;
  return base::fail("its winpeshl.ini starts nothing that could be started after the drivers");
}

}  // namespace

std::string print_start_script(const std::vector<std::string>& infs, Before before,
                               std::string_view command) {
  std::string out = "@rem Made by bootferry image inject, which makes it anew each time.\r\n";
  for (const std::string& inf : infs) {
    const std::string path = in_script(inf);
    out += fmt::format("@drvload \"%SystemDrive%{}\"{}", path, line_end);
    out += fmt::format("@if errorlevel 1 echo bootferry: \"{}\" was not loaded{}", path, line_end);
  }
  if (before == Before::startnet)
    out += fmt::format("@call \"%SystemRoot%\\System32\\startnet-original.cmd\"{}", line_end);
  if (before == Before::wpeinit) out += fmt::format("@wpeinit{}", line_end);
  if (!command.empty()) out.append(command).append(line_end);
  return out;
}

base::Status check_start_command(std::string_view command) {
  if (command.size() > longest_command) return base::fail("longer than {} characters", longest_command);
  if (!std::ranges::all_of(command, is_plain))
    return base::fail("one line of ASCII: Windows PE reads scripts in a code page of its own");
  return {};
}

base::Status check_inf_path(std::string_view path) {
  if (std::ranges::all_of(path, is_plain)) return {};
  return base::fail("{}: not ASCII: Windows PE reads scripts in a code page of its own; rename it", path);
}

std::string print_startnet() {
  return fmt::format("@call \"%SystemRoot%\\System32\\bootferry-start.cmd\"{}", line_end);
}

base::Result<LaunchedApps> read_winpeshl(std::string_view octets) {
  return apps_of(format::decode_setup_text(base::as_bytes(octets)));
}

base::Result<std::string> print_winpeshl(std::string_view before) {
  format::SetupText text = format::decode_setup_text(base::as_bytes(before));
  const auto launched = apps_of(text);
  if (!launched) return tl::unexpected(launched.error());
  text.text = with_apps(launched->apps);
  const base::Bytes octets = format::encode_setup_text(text);
  return std::string(base::as_text(octets));
}

std::string print_setup_winpeshl() { return with_apps({"%SYSTEMDRIVE%\\setup.exe"}); }

std::string print_inject_record(const InjectRecord& record) {
  std::string out = fmt::format("{}{}start {}{}", record_head, line_end,
                                start_names[static_cast<std::size_t>(record.start)], line_end);
  for (const std::string& path : record.put) out += fmt::format("put {}{}", as_windows(path), line_end);
  return out;
}

base::Result<InjectRecord> parse_inject_record(std::string_view text) {
  const auto refuse = [] {
    return base::fail("{} in it is not as `image inject` wrote it: inject into the image as it was before",
                      as_windows(inject_record));
  };
  InjectRecord record;
  for (std::size_t number = 0; !text.empty(); ++number) {
    const std::size_t end = text.find(line_end);
    if (end == text.npos || number > most_put) return refuse();
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + line_end.size());
    if (number == 0) {
      if (line != record_head) return refuse();
    } else if (number == 1) {
      const auto* const start = std::ranges::find_if(
          start_names, [&](std::string_view name) { return line == fmt::format("start {}", name); });
      if (start == std::end(start_names)) return refuse();
      record.start = static_cast<InjectRecord::Start>(start - std::begin(start_names));
    } else {
      if (!line.starts_with("put ")) return refuse();
      const auto path = image_path(line.substr(4));
      if (!path || is_boot_program(*path) || is_at_or_below(start_script, *path)) return refuse();
      record.put.push_back(*path);
    }
  }
  return record;
}

}  // namespace bootimage
