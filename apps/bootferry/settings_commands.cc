// SPDX-License-Identifier: GPL-3.0-or-later
// The site's settings by dotted keys: «pending.poll_seconds».
#include <fmt/format.h>

#include <charconv>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

constexpr const char* path = "/v1/settings";

void tell(const Json& object, const std::string& before, Table& table) {
  for (const auto& [key, value] : object.items()) {
    if (before.empty() && key == "revision") continue;
    if (value.is_object())
      tell(value, before + key + ".", table);
    else
      table.add({before + key, cell(object, key)});
  }
}

Json* find(Json& object, std::string_view key) {
  const std::size_t dot = key.find('.');
  const auto found = object.is_object() ? object.find(key.substr(0, dot)) : object.end();
  if (!object.is_object() || found == object.end()) return nullptr;
  return dot == std::string_view::npos ? &*found : find(*found, key.substr(dot + 1));
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

// What was typed, as the kind of value that the setting has.
tl::expected<Json, Failure> typed_value(const Json& present, const std::string& key,
                                        const std::string& text) {
  if (present.is_boolean()) {
    if (text == "true" || text == "yes") return true;
    if (text == "false" || text == "no") return false;
    return tl::unexpected(Failure{fmt::format("{}: \"{}\" is neither true nor false", key, text)});
  }
  if (present.is_number()) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
    return tl::unexpected(Failure{fmt::format("{}: \"{}\" is no whole number", key, text)});
  }
  if (present.is_array()) return split(text);
  return text;
}

Got<int> set(const std::vector<std::string>& assignments, const Common& common, Site& site) {
  auto present = site.get(path);
  if (!present) return tl::unexpected(present.error());
  Json change = Json::object();
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string key = assignment.substr(0, equals);
    const Json* setting = find(*present, key);
    if (setting == nullptr || setting->is_object() || key == "revision")
      return tl::unexpected(
          Failure{fmt::format("no setting \"{}\": `bootferry settings show` names them", key)});
    auto value = typed_value(*setting, key, assignment.substr(equals + 1));
    if (!value) return tl::unexpected(value.error());
    std::string pointer = "/" + key;
    for (char& c : pointer) c = c == '.' ? '/' : c;
    change[Json::json_pointer(pointer)] = std::move(*value);
  }
  auto changed = site.send("PATCH", path, change);
  if (!changed) return tl::unexpected(changed.error());
  if (common.json) {
    print_line(api::print_json(*changed));
    return exit_ok;
  }
  Table table({"SETTING", "VALUE"});
  for (const std::string& assignment : assignments) {
    const std::string key = assignment.substr(0, assignment.find('='));
    if (const Json* value = find(*changed, key)) table.add({key, cell(Json{{"v", *value}}, "v")});
  }
  print_line(table.print());
  return exit_ok;
}

}  // namespace

void add_settings_commands(Command& root) {
  Command settings = root.group("settings", "What holds for the whole site");
  settings.leaf("show", "Show them", [](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto present = site.get(path);
      if (!present) return tl::unexpected(present.error());
      Table table({"SETTING", "VALUE"});
      tell(*present, "", table);
      print_line(common.json ? api::print_json(*present) : table.print());
      return exit_ok;
    });
  });
  auto typed = std::make_shared<std::vector<std::string>>();
  Command change = settings.leaf("set", "Change some, all together", [typed](const Common& common) {
    return with_site(
        common, [&](Site& site) { return set(*typed, common, site); }, true);
  });
  change.needs("ASSIGNMENT", *typed,
               "KEY=VALUE: pending.poll_seconds=5; of a list: ignored_macs=02:00:00,52:54:00");
  change.refuse_if([typed]() -> std::string {
    for (const std::string& assignment : *typed) {
      if (assignment.find('=') == std::string::npos || assignment.starts_with("="))
        return fmt::format("\"{}\": KEY=VALUE is needed", assignment);
    }
    return "";
  });
}

}  // namespace cli
