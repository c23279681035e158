// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/command_line.h"

namespace agent {
namespace {

constexpr std::string_view report_word = "bootferry.report=", boot_if_word = "BOOTIF=";

// «01-52-54-00-12-34-56» of pxelinux, «52:54:00:12:34:56» of others.
std::string mac_of(std::string_view text) {
  constexpr std::size_t digits = 17;
  if (text.size() == digits + 3 && text.starts_with("01")) text.remove_prefix(3);
  if (text.size() != digits) return "";
  std::string mac;
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    mac += small == '-' ? ':' : small;
  }
  return mac;
}

}  // namespace

CommandLine CommandLine::parse(std::string_view text) {
  CommandLine line;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \n");
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (word.starts_with(report_word)) {
      line.report = word.substr(report_word.size());
      continue;
    }
    if (word.starts_with(boot_if_word)) line.boot_mac = mac_of(word.substr(boot_if_word.size()));
    if (word == "bootferry.debug-shell") line.debug_shell = true;
    if (!word.empty()) line.shown += (line.shown.empty() ? "" : " ") + std::string(word);
  }
  return line;
}

}  // namespace agent
