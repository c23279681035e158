// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/uki.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"

namespace format {
namespace {

// The value of «KEY="value"» at the front of a line, as a shell would have it; escapes are rare in
// names and stay as they are.
std::string value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") continue;
    line.remove_prefix(key.size() + 1);
    if (line.size() >= 2 && line.front() == line.back() && (line.front() == '"' || line.front() == '\''))
      line = line.substr(1, line.size() - 2);
    return base::one_line(line, longest_pe_name);
  }
  return {};
}

}  // namespace

base::Result<UkiParts> find_uki_parts(std::span<const PeSection> sections) {
  UkiParts parts;
  std::vector<PeRange> microcode;
  for (const PeSection& section : sections) {
    if (section.name == ".profile") break;  // what follows is that profile's
    if (section.place.size == 0) continue;
    const auto take_first = [&](PeRange& into) {
      if (into.size == 0) into = section.place;
    };
    if (section.name == ".linux") take_first(parts.kernel);
    if (section.name == ".cmdline") take_first(parts.command_line);
    if (section.name == ".osrel") take_first(parts.os_release);
    if (section.name == ".uname") take_first(parts.kernel_version);
    if (section.name == ".initrd") parts.initrds.push_back(section.place);
    if (section.name == ".ucode") microcode.push_back(section.place);
  }
  if (parts.kernel.size == 0)
    return base::fail("a UEFI program, but no unified kernel image: it has no kernel (.linux)");
  parts.initrds.insert(parts.initrds.begin(), microcode.begin(), microcode.end());
  return parts;
}

std::string system_name(std::string_view os_release) {
  std::string name = value_of(os_release, "PRETTY_NAME");
  return name.empty() ? value_of(os_release, "NAME") : name;
}

}  // namespace format
