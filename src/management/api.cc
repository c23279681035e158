// SPDX-License-Identifier: GPL-3.0-or-later
#include "management/api.h"

#include <algorithm>
#include <array>
#include <exception>

#include "base/log.h"

namespace management {
namespace {

constexpr std::array<std::pair<ApiRole, std::string_view>, 3> role_names{
    {{ApiRole::viewer, "viewer"},
     {ApiRole::helpdesk, "helpdesk"},
     {ApiRole::administrator, "administrator"}}};

bool is_variable(std::string_view part) { return part.starts_with('{'); }

// The parts of a path that stand for braces; nothing where the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& parts) {
  std::vector<std::string> names;
  std::size_t i = 0;
  for (; !pattern.empty() && i < parts.size(); ++i) {
    pattern.remove_prefix(1);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view part = pattern.substr(0, end);
    if (is_variable(part)) {
      names.push_back(parts[i]);
    } else if (part != parts[i]) {
      return std::nullopt;
    }
    pattern.remove_prefix(end);
  }
  if (!pattern.empty() || i != parts.size()) return std::nullopt;
  return names;
}

}  // namespace

std::string_view print(ApiRole role) { return role_names[static_cast<std::size_t>(role)].second; }

std::optional<ApiRole> parse_api_role(std::string_view text) {
  const auto found = std::ranges::find(role_names, text, &std::pair<ApiRole, std::string_view>::second);
  if (found == role_names.end()) return std::nullopt;
  return found->first;
}

std::string_view ApiAnswer::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view() : found->second;
}

Api::Api(ApiContext context) : context_(std::move(context)) {
  // Those of words before those of braces: "/v1/devices/import" is no device.
  add_import_routes(routes_, context_, jobs_);
  add_pending_routes(routes_, context_);
  add_run_routes(routes_, context_);
  add_model_routes(routes_, context_);
  add_look_routes(routes_, context_, jobs_);
  add_image_routes(routes_, context_);
  add_library_routes(routes_, context_, jobs_);
  add_upload_routes(routes_, context_, jobs_);
  add_settings_routes(routes_, context_);
  add_record_routes(routes_, context_);
}

Api::~Api() = default;

void Api::add(ApiRoute route) { routes_.insert(routes_.begin(), std::move(route)); }

base::Result<Api::Found, Problem> Api::find(const ApiCall& call, std::uint64_t body_size) const {
  const auto parts = path_parts(call.path);
  if (!parts) return refuse(ProblemType::no_such_path, "this is no path of the management API");
  const std::string_view method = call.method == "HEAD" ? "GET" : call.method;
  Found found;
  std::vector<std::string> allow;
  for (const ApiRoute& route : routes_) {
    auto names = match(route.path, *parts);
    if (!names) continue;
    if (route.method != method) {
      allow.emplace_back(route.method);
      continue;
    }
    found.route = &route;
    found.names = std::move(*names);
    break;
  }
  if (found.route == nullptr && allow.empty())
    return refuse(ProblemType::no_such_path, "the management API has no such path: see /v1/openapi.json");
  if (found.route == nullptr) {
    Problem problem{ProblemType::method_not_allowed, fmt::format("{} is not possible here", call.method)};
    problem.allow = std::move(allow);
    return tl::unexpected(std::move(problem));
  }
  const ApiRoute& route = *found.route;
  auto query = ApiQuery::parse(call.query, route.parameters);
  if (!query) return tl::unexpected(query.error());
  found.query = std::move(*query);
  const bool dry = route.dry_runs && found.query.text("dry_run") == "true";
  if (call.role < (dry ? ApiRole::viewer : route.least)) {
    return refuse(ProblemType::forbidden, "{} needs the role {}, and {} has the role {}", call.method,
                  print(route.least), call.who, print(call.role));
  }
  if (body_size > route.max_body) {
    if (route.max_body == 0) return refuse(ProblemType::malformed, "this request has no body");
    return refuse(ProblemType::too_large, "the body may have {} octets at most, and has {}", route.max_body,
                  body_size);
  }
  if (!call.files.empty() && !route.takes_files)
    return refuse(ProblemType::malformed, "this request takes no open files");
  return found;
}

std::optional<ApiAnswer> Api::refuse_early(const ApiCall& call, std::uint64_t body_size) const {
  auto found = find(call, body_size);
  if (found) return std::nullopt;
  return to_answer(found.error());
}

ApiAnswer Api::answer(ApiCall call) {
  auto found = find(call, call.body.size());
  if (!found) return to_answer(found.error());
  ApiRequest request{call, std::move(found->names), std::move(found->query)};
  try {
    auto result = found->route->handler(request);
    return result ? std::move(*result) : to_answer(result.error());
  } catch (const std::exception& error) {  // memory, threads
    base::log(base::LogLevel::error, "api", "{} {}: {}", call.method, call.path, error.what());
    return to_answer({ProblemType::busy, "the server could not work on this request"});
  }
}

}  // namespace management
