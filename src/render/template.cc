// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/url.h"

namespace render {
namespace {

struct Row {
  std::string_view name;
  Value value;
  bool has_argument = false;
};
constexpr std::array<Row, 12> rows = {{{"server", Value::server},
                                       {"http", Value::http},
                                       {"name", Value::name},
                                       {"mac", Value::mac},
                                       {"mac-dashed", Value::mac_dashed},
                                       {"uuid", Value::uuid},
                                       {"image", Value::image},
                                       {"deployment", Value::deployment},
                                       {"token", Value::token},
                                       {"report", Value::report},
                                       {"answer", Value::answer, true},
                                       {"var", Value::variable, true}}};

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool in_name(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }
constexpr bool in_argument(char c) { return in_name(c) || c == '.' || c == ':'; }

// A placeholder as it stands in a text, whether there is one of that name or not.
struct Written {
  std::string_view name, argument, otherwise;
  bool has_argument = false, has_otherwise = false;
  std::size_t size = 0;  // with its braces
};

// At the front of `text`, which begins with a brace.
std::optional<Written> written(std::string_view text) {
  Written out;
  std::size_t at = 1;
  const auto take = [&](auto&& fits) {
    const std::size_t from = at;
    while (at < text.size() && fits(text[at])) ++at;
    return text.substr(from, at - from);
  };
  const auto next = [&](char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  out.name = take(in_name);
  if (out.name.empty() || !is_letter(out.name.front())) return std::nullopt;
  if (next(':')) {
    out.has_argument = true;
    out.argument = take(in_argument);
  }
  if (next('|')) {
    out.has_otherwise = true;
    out.otherwise = take([](char c) { return c != '}' && c != '\n'; });
  }
  if (!next('}')) return std::nullopt;
  out.size = at;
  return out;
}

// What is wrong with it; else it.
base::Result<Placeholder> meaning(const Written& written) {
  const auto row = std::ranges::find(rows, written.name, &Row::name);
  if (row == rows.end()) return base::fail("there is no placeholder of this name");
  if (row->has_argument != written.has_argument)
    return base::fail("{}",
                      row->has_argument ? "a name is needed behind ':'" : "nothing may stand behind ':'");
  if (row->value == Value::variable && written.argument.empty())
    return base::fail("the variable has no name");
  Placeholder out{row->value, std::string(written.argument), {}};
  if (written.has_otherwise) out.otherwise = written.otherwise;
  return out;
}

std::string place(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t column = before.find('\n') == before.npos ? at + 1 : at - before.rfind('\n');
  return fmt::format("line {}, column {}", line, column);
}

// Hands on texts and placeholders in their order. `unknown` decides about those that mean nothing:
// true, and they stand as they are.
template <class Text, class Found, class Unknown>
bool walk(std::string_view text, Text&& on_text, Found&& on_found, Unknown&& unknown) {
  std::size_t at = 0, begun = 0;
  const auto flush = [&] {
    if (at > begun) on_text(text.substr(begun, at - begun));
  };
  while ((at = text.find('{', at)) != text.npos) {
    if (at > 0 && text[at - 1] == '$') {
      ++at;
      continue;
    }
    if (text.substr(at).starts_with("{{")) {
      ++at;
      flush();  // with the first of the two
      begun = ++at;
      continue;
    }
    const auto found = written(text.substr(at));
    if (!found) {
      ++at;
      continue;
    }
    const auto placeholder = meaning(*found);
    if (!placeholder) {
      if (!unknown(at, text.substr(at, found->size), placeholder.error())) return false;
      at += found->size;
      continue;
    }
    flush();
    on_found(*placeholder);
    begun = at += found->size;
  }
  at = text.size();
  flush();
  return true;
}

const std::string* variable(const policy::Variables* variables, std::string_view name) {
  if (variables == nullptr) return nullptr;
  const auto found = std::ranges::find(*variables, name, &std::pair<std::string, std::string>::first);
  return found == variables->end() ? nullptr : &found->second;
}

// Nothing: it has none there. A variable may be empty on purpose.
std::optional<std::string> value_of(const Placeholder& placeholder, const BootWords& boot,
                                    const Choosing& choice) {
  const auto unless_empty = [](const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(value);
  };
  switch (placeholder.value) {
    case Value::server:
      return unless_empty(boot.server);
    case Value::http:
      return unless_empty(boot.http);
    case Value::name:
      return unless_empty(boot.name);
    case Value::mac:
      return unless_empty(boot.mac);
    case Value::mac_dashed:
      return unless_empty(boot.mac_dashed);
    case Value::uuid:
      return unless_empty(boot.uuid);
    case Value::image:
      return unless_empty(choice.image);
    case Value::deployment:
      return unless_empty(choice.deployment);
    case Value::token:
      return unless_empty(boot.token);
    case Value::report:
      return unless_empty(boot.report);
    case Value::answer:
      return unless_empty(choice.answers.empty() ? "" : choice.answers + placeholder.argument);
    case Value::variable: {
      const std::string* found = variable(boot.variables, placeholder.argument);
      if (found == nullptr) found = variable(choice.of_task_sequence, placeholder.argument);
      return found == nullptr ? std::nullopt : std::optional(*found);
    }
  }
  return std::nullopt;
}

void add_xml(std::string& out, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
}

std::string print(const Placeholder& placeholder) {
  const auto row = std::ranges::find(rows, placeholder.value, &Row::value);
  return fmt::format("{{{}{}{}}}", row->name, row->has_argument ? ":" : "", placeholder.argument);
}

}  // namespace

std::string answers_url(std::string_view report, std::int64_t image) {
  return report.empty() ? "" : fmt::format("{}/answer/{}/", report, image);
}

void Template::add_text(std::string_view text) {
  if (!pieces_.empty()) {
    if (auto* const before = std::get_if<std::string>(&pieces_.back())) {
      *before += text;
      return;
    }
  }
  pieces_.emplace_back(std::string(text));
}

base::Result<Template> Template::parse(std::string_view text) {
  Template out;
  std::string fault;
  const bool whole = walk(
      text, [&](std::string_view plain) { out.add_text(plain); },
      [&](const Placeholder& found) { out.pieces_.emplace_back(found); },
      [&](std::size_t at, std::string_view as_written, const base::Error& why) {
        fault = fmt::format("{}: {}: {} (\"{{{{\" is a brace)", place(text, at), as_written, why.what);
        return false;
      });
  if (!whole) return base::fail("{}", fault);
  return out;
}

Template Template::read(std::string_view text) {
  Template out;
  walk(
      text, [&](std::string_view plain) { out.add_text(plain); },
      [&](const Placeholder& found) { out.pieces_.emplace_back(found); },
      [](std::size_t, std::string_view, const base::Error&) { return true; });
  return out;
}

std::string Template::render(const BootWords& boot, const Choosing& choice, Escape escape) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
      continue;
    }
    const auto& placeholder = std::get<Placeholder>(piece);
    const std::string value =
        value_of(placeholder, boot, choice).value_or(placeholder.otherwise.value_or(""));
    if (escape == Escape::xml) {
      add_xml(out, value);
    } else {
      out += value;
    }
  }
  return out;
}

std::vector<std::string> Template::without_value(const BootWords& boot, const Choosing& choice) const {
  std::vector<std::string> out;
  for (const Piece& piece : pieces_) {
    const auto* placeholder = std::get_if<Placeholder>(&piece);
    if (placeholder == nullptr || placeholder->otherwise) continue;
    if (value_of(*placeholder, boot, choice)) continue;
    if (std::string shown = print(*placeholder); std::ranges::find(out, shown) == out.end())
      out.push_back(std::move(shown));
  }
  return out;
}

std::vector<Placeholder> Template::placeholders() const {
  std::vector<Placeholder> out;
  for (const Piece& piece : pieces_) {
    if (const auto* placeholder = std::get_if<Placeholder>(&piece)) out.push_back(*placeholder);
  }
  return out;
}

Escape escape_for(std::string_view file_name) {
  return base::lowered(file_name).ends_with(".xml") ? Escape::xml : Escape::none;
}

bool is_secret_name(std::string_view variable) {
  const std::string name = base::lowered(variable);
  for (const std::string_view word :
       {"password", "passwd", "passphrase", "secret", "token", "credential", "psk"}) {
    if (name.find(word) != name.npos) return true;
  }
  // "keyboard" and "keymap" are none: what is a key ends in it, or has it as a word of its own.
  for (std::size_t at = name.find("key"); at != name.npos; at = name.find("key", at + 1)) {
    std::size_t end = at + 3;
    if (end < name.size() && name[end] == 's') ++end;
    if (end == name.size() || !is_letter(name[end])) return true;
  }
  return false;
}

}  // namespace render
