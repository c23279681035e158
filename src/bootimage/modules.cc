// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace bootimage {
namespace {

template <class Each>
void each_line(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    each(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    if (end != 0) words.emplace_back(line.substr(0, end));
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  return words;
}

// «pci:v00008086d000015B8sv*sd*bc*sc*i*»
std::optional<PciId> pci_id_of(std::string_view alias) {
  constexpr std::size_t vendor_at = 5, device_at = 14, digits = 8, whole = device_at + digits;
  if (!alias.starts_with("pci:v") || alias.size() < whole || alias[vendor_at + digits] != 'd')
    return std::nullopt;
  const auto number = [&](std::size_t at) -> std::optional<std::uint16_t> {
    std::uint32_t value = 0;
    const char* const end = alias.data() + at + digits;
    const auto read = std::from_chars(alias.data() + at, end, value, 16);
    if (read.ec != std::errc() || read.ptr != end || value > 0xffff) return std::nullopt;
    return static_cast<std::uint16_t>(value);
  };
  const auto vendor = number(vendor_at), device = number(device_at);
  if (!vendor || !device) return std::nullopt;
  return PciId{*vendor, *device};
}

}  // namespace

std::string print(PciId id) { return fmt::format("{:04x}:{:04x}", id.vendor, id.device); }

std::string module_name(std::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
  if (const std::size_t end = name.find(".ko"); end != std::string::npos) name.resize(end);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

ModuleTree::ModuleTree(std::string_view dep, std::string_view alias, std::string_view softdep,
                       std::string_view builtin) {
  each_line(dep, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string path(line.substr(0, colon));
    modules_[module_name(path)] = {path, words_of(line.substr(colon + 1))};
  });
  each_line(builtin, [&](std::string_view line) {
    if (!line.empty()) builtin_.insert(module_name(line));
  });
  each_line(alias, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() == 3 && words[0] == "alias") aliases_.push_back({words[1], module_name(words[2])});
  });
  each_line(softdep, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 4 || words[0] != "softdep") return;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i] != "pre:" && words[i] != "post:")
        soft_[module_name(words[1])].push_back(module_name(words[i]));
    }
  });
}

ModuleTree::Where ModuleTree::where(std::string_view name) const {
  if (modules_.contains(name)) return Where::module;
  return builtin_.contains(name) ? Where::builtin : Where::nowhere;
}

std::string ModuleTree::path_of(std::string_view name) const {
  const auto found = modules_.find(name);
  return found == modules_.end() ? "" : found->second.path;
}

std::set<std::string> ModuleTree::with_needs(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  std::vector<std::string> left = names;
  while (!left.empty()) {
    const std::string name = std::move(left.back());
    left.pop_back();
    const auto found = modules_.find(name);
    if (found == modules_.end() || !all.insert(name).second) continue;
    for (const std::string& path : found->second.needs) left.push_back(module_name(path));
    if (const auto soft = soft_.find(name); soft != soft_.end())
      left.insert(left.end(), soft->second.begin(), soft->second.end());
  }
  return all;
}

std::string ModuleTree::dep_text(const std::set<std::string>& names) const {
  std::string text;
  for (const std::string& name : names) {
    const auto found = modules_.find(name);
    if (found == modules_.end()) continue;
    text += found->second.path + ":";
    for (const std::string& path : found->second.needs) text += " " + path;
    text += "\n";
  }
  return text;
}

std::string ModuleTree::alias_text(const std::set<std::string>& names) const {
  std::string text;
  for (const Alias& alias : aliases_) {
    if (names.contains(alias.name)) text += fmt::format("alias {} {}\n", alias.pattern, alias.name);
  }
  return text;
}

std::set<PciId> ModuleTree::pci_ids(const std::set<std::string>& names) const {
  std::set<PciId> ids;
  for (const Alias& alias : aliases_) {
    if (!names.contains(alias.name)) continue;
    if (const auto id = pci_id_of(alias.pattern)) ids.insert(*id);
  }
  return ids;
}

}  // namespace bootimage
