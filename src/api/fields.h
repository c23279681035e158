// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of one JSON object, each asked for once by its name and type. The first fault
// stays, so that a record reads all its fields and asks once. For .cc files of this room only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "api/names.h"
#include "policy/device.h"
#include "policy/rule.h"
#include "store/shape.h"

namespace api {

// What a value must be, for its fault.
namespace needed {
inline constexpr std::string_view mac = "it must be a hardware address as \"52:54:00:12:34:56\"";
inline constexpr std::string_view uuid = "it must be a UUID as \"32e5b71a-b626-4a4b-902e-7f94ad38b5b3\"";
inline constexpr std::string_view arch =
    "it must be one of bios, ia32, x64, arm32, arm64, riscv64, loongarch64, other";
inline constexpr std::string_view answer = "it must be \"all\", \"known\" or \"none\"";
inline constexpr std::string_view prompt = "it must be \"opt-in\", \"none\" or \"opt-out\"";
inline constexpr std::string_view prefix = "it must be a hardware address or its beginning, as \"52:54:00\"";
}  // namespace needed

// A reference token of a JSON pointer.
inline std::string escaped(std::string_view token) {
  std::string out;
  for (const char c : token) c == '~' ? out += "~0" : c == '/' ? out += "~1" : out += c;
  return out;
}

class Fields {
 public:
  // `at`: the pointer to the object itself.
  Fields(const Json& object, std::string at, std::optional<Fault>& fault)
      : object_(object), at_(std::move(at)), fault_(fault) {
    if (!object_.is_object()) complain(at_, "it must be an object");
  }

  // Null where it is absent, or null.
  const Json* get(std::string_view name) {
    asked_.push_back(name);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] std::string pointer(std::string_view name) const {
    return fmt::format("{}/{}", at_, escaped(name));
  }
  void complain(std::string_view name_or_pointer, std::string what) {
    if (fault_) return;
    const bool whole = name_or_pointer.empty() || name_or_pointer.starts_with('/');
    fault_ = Fault{whole ? std::string(name_or_pointer) : pointer(name_or_pointer), std::move(what)};
  }
  [[nodiscard]] bool ok() const { return !fault_; }

  // One line of at most so many octets.
  std::string line(std::string_view name, std::size_t longest = store::max_name) {
    const Json* const value = get(name);
    return value == nullptr ? std::string() : line_of(*value, pointer(name), longest);
  }
  std::string line_of(const Json& value, const std::string& at, std::size_t longest) {
    std::string out = text_of(value, at, longest);
    const bool control =
        std::ranges::any_of(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (control) complain(at, "it must be one line, without control characters");
    return out;
  }
  // Of any lines.
  std::string text(std::string_view name, std::string fallback = {}) {
    const Json* const value = get(name);
    return value == nullptr ? std::move(fallback) : text_of(*value, pointer(name), store::max_text);
  }
  std::string name() {
    std::string out = line("name");
    if (out.empty()) complain("name", "a name is needed");
    return out;
  }
  bool flag(std::string_view name, bool fallback) { return maybe_flag(name).value_or(fallback); }
  std::optional<bool> maybe_flag(std::string_view name) {
    const Json* const value = get(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) return complain(name, "it must be true or false"), std::nullopt;
    return value->get<bool>();
  }
  template <class Number>
  std::optional<Number> maybe_number(std::string_view name, std::int64_t low, std::int64_t high) {
    const Json* const value = get(name);
    if (value == nullptr) return std::nullopt;
    // A number above the signed range is negative as a signed one.
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX);
    if (!fits || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high) {
      complain(name, fmt::format("it must be a whole number from {} to {}", low, high));
      return std::nullopt;
    }
    return static_cast<Number>(value->get<std::int64_t>());
  }
  template <class Number>
  Number number(std::string_view name, std::int64_t low, std::int64_t high, Number fallback) {
    return maybe_number<Number>(name, low, high).value_or(fallback);
  }
  std::optional<std::int64_t> time(std::string_view name) {
    const Json* const value = get(name);
    if (value == nullptr) return std::nullopt;
    const auto at = value->is_string() ? parse_time(value->get_ref<const std::string&>()) : std::nullopt;
    if (!at) complain(name, "it must be a time as \"2026-11-21T22:00:00Z\"");
    return at;
  }
  // A value that `parse` reads from text; `needed`: "it must be a UUID".
  template <class Parse>
  auto parsed(std::string_view name, const Parse& parse, std::string_view needed)
      -> decltype(parse(std::string_view())) {
    const Json* const value = get(name);
    if (value == nullptr) return std::nullopt;
    return parsed_of(*value, pointer(name), parse, needed);
  }
  template <class Parse>
  auto parsed_of(const Json& value, const std::string& at, const Parse& parse, std::string_view needed)
      -> decltype(parse(std::string_view())) {
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      auto out = parse(std::string_view(text));
      if (out) return out;
      complain(at, fmt::format("\"{}\": {}", text.substr(0, shown), needed));
    } else {
      complain(at, std::string(needed));
    }
    return std::nullopt;
  }
  // Each entry of a list through `read(entry, pointer)`.
  template <class Read>
  void each(std::string_view name, std::size_t longest, const Read& read) {
    const Json* const value = get(name);
    if (value == nullptr) return;
    if (!value->is_array()) return complain(name, "it must be a list");
    if (value->size() > longest)
      return complain(name, fmt::format("it holds {} entries of at most {}", value->size(), longest));
    for (std::size_t i = 0; i < value->size() && ok(); ++i)
      read((*value)[i], fmt::format("{}/{}", pointer(name), i));
  }
  template <class Parse>
  auto list(std::string_view name, std::size_t longest, const Parse& parse, std::string_view needed) {
    std::vector<typename decltype(parse(std::string_view()))::value_type> out;
    each(name, longest, [&](const Json& entry, const std::string& at) {
      if (auto value = parsed_of(entry, at, parse, needed)) out.push_back(std::move(*value));
    });
    return out;
  }

  // 0 where it is absent or "".
  std::int64_t reference(std::string_view name, store::Kind kind, const Names& names) {
    const Json* const value = get(name);
    return value == nullptr ? 0 : reference_of(*value, pointer(name), kind, names, true);
  }
  std::int64_t reference_of(const Json& value, const std::string& at, store::Kind kind, const Names& names,
                            bool may_be_empty = false) {
    if (!value.is_string()) return complain(at, "it must be a name"), 0;
    const auto& name = value.get_ref<const std::string&>();
    if (name.empty() && may_be_empty) return 0;
    const auto found = names.find(kind, name);
    if (!found) complain(at, fmt::format("there is no {} \"{}\"", print(kind), name.substr(0, shown)));
    return found.value_or(0);
  }
  std::vector<std::int64_t> references(std::string_view name, store::Kind kind, const Names& names) {
    std::vector<std::int64_t> out;
    each(name, store::max_list, [&](const Json& entry, const std::string& at) {
      out.push_back(reference_of(entry, at, kind, names));
    });
    return out;
  }
  // Boot programs are kept by their names, letter by letter.
  std::string program(std::string_view name, const Names& names) {
    return std::string(names.name(store::Kind::program, reference(name, store::Kind::program, names)));
  }
  policy::Variables variables(std::string_view name) {
    policy::Variables out;
    const Json* const value = get(name);
    if (value == nullptr) return out;
    if (!value->is_object()) return complain(name, "it must be an object of texts"), out;
    if (value->size() > store::max_list) return complain(name, "it holds too many variables"), out;
    for (const auto& [key, text] : value->items()) {
      const std::string at = fmt::format("{}/{}", pointer(name), escaped(key));
      if (key.empty()) complain(at, "a variable needs a name");
      line_of(Json(key), at, store::max_name);
      out.emplace_back(key, text_of(text, at, store::max_text));
    }
    return out;
  }
  std::optional<policy::Rule> rule(std::string_view name) {
    const Json* const value = get(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) return complain(name, "it must be a rule, as text"), std::nullopt;
    auto rule = policy::Rule::parse(value->get_ref<const std::string&>());
    if (rule) return std::move(*rule);
    complain(name, fmt::format("at character {}: {}", rule.error().position + 1, rule.error().what));
    return std::nullopt;
  }

  // What was never asked for, nor is in `ignored`, is no field of this record.
  void refuse_others(std::initializer_list<std::string_view> ignored = {}) {
    if (!object_.is_object() || !ok()) return;
    for (const auto& [key, value] : object_.items()) {
      const std::string_view name = key;
      if (std::ranges::find(asked_, name) != asked_.end() ||
          std::ranges::find(ignored, name) != ignored.end())
        continue;
      return complain(pointer(name), "there is no such field here");
    }
  }

 private:
  static constexpr std::size_t shown = 80;  // of what was sent, in messages

  std::string text_of(const Json& value, const std::string& at, std::size_t longest) {
    if (!value.is_string()) return complain(at, "it must be text"), std::string();
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > longest)
      complain(at, fmt::format("it is too long: {} octets of at most {}", text.size(), longest));
    return text;
  }

  const Json& object_;
  std::string at_;
  std::optional<Fault>& fault_;
  std::vector<std::string_view> asked_;
};

}  // namespace api
