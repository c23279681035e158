// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace api {
namespace {

struct Place {
  std::size_t line = 1, column = 1;
};
Place place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, before.size() - line_begin + 1};
}

tl::unexpected<Fault> not_json(std::string_view text, std::size_t at, std::string_view why) {
  const Place place = place_of(text, at);
  return tl::unexpected(
      Fault{"", fmt::format("no JSON at line {}, column {}: {}", place.line, place.column, why)});
}

// Where brackets are nested too deep; npos: nowhere.
std::size_t too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_json_depth) return i;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return text.npos;
}

// «[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …»
std::string_view words_of(std::string_view what) {
  constexpr std::size_t enough = 200;
  const auto column = what.find("column ");
  const auto colon = what.find(": ", column == what.npos ? 0 : column);
  if (colon != what.npos) what.remove_prefix(colon + 2);
  return what.substr(0, enough);
}

}  // namespace

base::Result<Json, Fault> read_json(std::string_view text) {
  if (const std::size_t at = too_deep(text); at != text.npos) {
    return not_json(text, at, fmt::format("brackets are nested deeper than {}", max_json_depth));
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::size_t at = error.byte == 0 ? 0 : error.byte - 1;
    return not_json(text, std::min(at, text.size()), words_of(error.what()));
  } catch (const Json::exception& error) {  // a number that is out of all range
    return tl::unexpected(Fault{"", fmt::format("no JSON: {}", words_of(error.what()))});
  }
}

std::string print_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace api
