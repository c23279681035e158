// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/request.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "net/http_target.h"

namespace management {
namespace {

std::optional<std::string> decode(std::string_view text) {
  const auto target = net::parse_target(fmt::format("/{}", text));
  if (!target || !target->query.empty()) return std::nullopt;
  return target->path.substr(1);
}

// Forms write blanks as '+', and so do most programs.
std::optional<std::string> decode_parameter(std::string text) {
  std::ranges::replace(text, '+', ' ');
  // A '?' means nothing behind the first.
  for (std::size_t at = 0; (at = text.find('?', at)) != std::string::npos; at += 3)
    text.replace(at, 1, "%3F");
  return decode(text);
}

bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  const std::string type = base::lowered(content_type);
  return type.empty() || type == "application/json" || type.ends_with("+json");
}

// Whether a list of entity tags, or "*", holds this one.
bool matches(std::string_view list, std::optional<std::int64_t> revision) {
  if (!revision) return false;
  const std::string wanted = print_etag(*revision);
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view tag = list.substr(0, comma);
    while (tag.starts_with(' ') || tag.starts_with('\t')) tag.remove_prefix(1);
    while (tag.ends_with(' ') || tag.ends_with('\t')) tag.remove_suffix(1);
    if (tag == "*" || tag == wanted) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::optional<std::vector<std::string>> path_parts(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    auto part = decode(path.substr(0, end));
    if (!part || part->empty()) return std::nullopt;
    parts.push_back(std::move(*part));
    path.remove_prefix(end);
  }
  return parts;
}

base::Result<ApiQuery, Problem> ApiQuery::parse(std::string_view query,
                                                std::span<const std::string_view> known) {
  ApiQuery out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode_parameter(std::string(pair.substr(0, equals)));
    auto value = decode_parameter(std::string(pair.substr(std::min(equals + 1, pair.size()))));
    if (!name || !value) return refuse(ProblemType::malformed, "the query is not percent-encoded text");
    if (std::ranges::find(known, *name) == known.end())
      return tl::unexpected(Problem{ProblemType::malformed,
                                    fmt::format("this path knows no parameter \"{}\"", name->substr(0, 60)),
                                    "?" + name->substr(0, 60)});
    if (out.text(*name))
      return tl::unexpected(
          Problem{ProblemType::malformed, fmt::format("\"{}\" is given twice", *name), "?" + *name});
    out.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::optional<std::string_view> ApiQuery::text(std::string_view name) const {
  const auto found = std::ranges::find(parameters_, name, &std::pair<std::string, std::string>::first);
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

base::Result<bool, Problem> ApiQuery::flag(std::string_view name, bool otherwise) const {
  const auto value = text(name);
  if (!value) return otherwise;
  if (*value == "true" || *value == "false") return *value == "true";
  return tl::unexpected(Problem{ProblemType::malformed, fmt::format("{} must be true or false", name),
                                fmt::format("?{}", name)});
}

base::Result<std::int64_t, Problem> ApiQuery::number(std::string_view name, std::int64_t otherwise,
                                                     std::int64_t least, std::int64_t most) const {
  const auto value = text(name);
  if (!value) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error == std::errc() && end == value->data() + value->size() && number >= least && number <= most)
    return number;
  return tl::unexpected(Problem{ProblemType::malformed,
                                fmt::format("{} must be a whole number from {} to {}", name, least, most),
                                fmt::format("?{}", name)});
}

base::Result<api::Json, Problem> ApiRequest::object(bool may_be_absent) const {
  if (may_be_absent && call.body.empty()) return api::Json::object();
  if (!is_json(call.content_type)) {
    return refuse(ProblemType::unsupported_media_type,
                  "the body must be application/json, and is said to be {}",
                  call.content_type.substr(0, 100));
  }
  auto value = api::read_json(call.body);
  if (!value) {
    return tl::unexpected(Problem{ProblemType::malformed, value.error().what, value.error().field});
  }
  if (!value->is_object()) return refuse(ProblemType::malformed, "the body must be one JSON object");
  return std::move(*value);
}

std::optional<Problem> ApiRequest::stale(std::optional<std::int64_t> revision) const {
  if (!call.if_match.empty() && !matches(call.if_match, revision)) {
    return Problem{ProblemType::stale, revision
                                           ? fmt::format("it is at revision {} now: read it again", *revision)
                                           : "it is not there any more"};
  }
  if (!call.if_none_match.empty() && matches(call.if_none_match, revision))
    return Problem{ProblemType::stale, "it is there already"};
  return std::nullopt;
}

std::string print_etag(std::int64_t revision) { return fmt::format("\"{}\"", revision); }

const api::Json* Members::find(const char* name) {
  asked_.emplace_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

bool Members::has(const char* name) const { return object_.contains(name); }

std::string Members::text(const char* name, std::string otherwise) {
  const api::Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_string()) return value->get<std::string>();
  complain(fmt::format("/{}", name), "must be text");
  return {};
}

std::vector<std::string> Members::texts(const char* name) {
  const api::Json* value = find(name);
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (!value->is_array()) {
    complain(fmt::format("/{}", name), "must be a list of texts");
    return out;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    if ((*value)[i].is_string()) {
      out.push_back((*value)[i].get<std::string>());
    } else {
      complain(fmt::format("/{}/{}", name, i), "must be text");
    }
  }
  return out;
}

bool Members::flag(const char* name, bool otherwise) {
  const api::Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  complain(fmt::format("/{}", name), "must be true or false");
  return otherwise;
}

int Members::number(const char* name, int otherwise, int least, int most) {
  const api::Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer() && *value >= least && *value <= most) return value->get<int>();
  complain(fmt::format("/{}", name), fmt::format("must be a whole number from {} to {}", least, most));
  return otherwise;
}

void Members::complain(std::string field, std::string what) {
  if (!problem_) problem_ = Problem{ProblemType::invalid, std::move(what), std::move(field)};
}

std::optional<Problem> Members::problem() {
  for (const auto& [name, value] : object_.items()) {
    if (std::ranges::find(asked_, name) == asked_.end())
      complain(fmt::format("/{}", name.substr(0, 60)), "no such field is known here");
  }
  return problem_;
}

}  // namespace management
