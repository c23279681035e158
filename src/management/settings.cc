// SPDX-License-Identifier: GPL-3.0-or-later
// /v1/settings: the site's own, of which there is one set.
#include <nlohmann/json.hpp>

#include "api/record_json.h"
#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

using store::Kind;

constexpr std::int64_t only = 1;  // the id of the one set

base::Result<api::Json, Problem> present(site::SiteRecords& records) {
  const auto revision = revision_of(records, Kind::settings, only);
  if (!revision) return tl::unexpected(revision.error());
  api::Json json = api::to_json(api::settings_of(records.snapshot()));
  json["revision"] = revision->value_or(0);
  return json;
}

ApiResult answer(site::SiteRecords& records) {
  const auto json = present(records);
  if (!json) return tl::unexpected(json.error());
  return record_answer(*json, Kind::settings);
}

// PUT takes the body for the whole, PATCH for what changes.
ApiResult set(ApiContext& context, const ApiRequest& request, bool whole) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    auto json = present(records);
    if (!json) return tl::unexpected(json.error());
    if (auto stale = request.stale(json->at("revision").get<std::int64_t>()))
      return tl::unexpected(std::move(*stale));
    if (whole) {
      *json = *object;
    } else {
      json->merge_patch(*object);
    }
    json->erase("revision");
    const auto settings = api::settings_from_json(*json);
    if (!settings) return tl::unexpected(problem_of(settings.error()));
    const auto kept = keep(records, {request.call.who, "", {store::SetSettings{*settings, {}}}}, *dry);
    if (!kept) return tl::unexpected(kept.error());
    if (*dry) return json_answer(api::to_json(*settings));
    return answer(records);
  });
}

}  // namespace

void add_settings_routes(ApiRoutes& routes, ApiContext& context) {
  const std::string path = "/v1/settings";
  routes.push_back({"GET", path, ApiRole::viewer, [&](ApiRequest&) {
                      return context.administration.look(
                          [](site::SiteRecords& records) { return answer(records); });
                    }});
  for (const bool whole : {true, false}) {
    ApiRoute route{whole ? "PUT" : "PATCH", path, ApiRole::administrator,
                   [&context, whole](ApiRequest& request) { return set(context, request, whole); }};
    route.parameters = {"dry_run"};
    route.max_body = max_api_body;
    route.dry_runs = true;
    routes.push_back(std::move(route));
  }
}

}  // namespace management
