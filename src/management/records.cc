// SPDX-License-Identifier: GPL-3.0-or-later
// /v1/devices and its likes: the same verbs for each kind of record.
#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "api/record_json.h"
#include "management/api.h"
#include "management/change.h"
#include "management/list.h"
#include "management/reach.h"

namespace management {
namespace {

using store::Kind;

constexpr std::array kinds{Kind::device,        Kind::collection, Kind::image,
                           Kind::task_sequence, Kind::program,    Kind::deployment,
                           Kind::network,       Kind::server,     Kind::referral};

// One record's change, from the object that it is to become.
struct Change {
  Kind kind;
  std::optional<std::int64_t> id;  // nothing: new
  bool dry_run = false;
};

base::Result<ApiAnswer, Problem> put(site::SiteRecords& records, const ApiRequest& request,
                                     const Change& change, const api::Json& object) {
  const policy::Snapshot site = records.snapshot();  // a copy: the records move on
  const api::Names names(site);
  auto record = api::from_json(change.kind, object, names);
  if (!record) return tl::unexpected(problem_of(record.error()));
  const auto present = change.id ? api::record_of(site, change.kind, *change.id) : std::nullopt;
  api::keep_what_clients_cannot_set(*record, present ? &*present : nullptr, std::time(nullptr));
  if (auto* program = std::get_if<policy::Program>(&*record)) {
    // Its file came with it, and stands where it was put.
    if (!present) return tl::unexpected(not_found("program", program->name));
    program->path = std::get<policy::Program>(*present).path;
  }
  const auto applied = keep(records, {request.call.who, "", {store::Put{*record, {}}}}, change.dry_run);
  if (!applied) {
    Problem problem = applied.error();
    // What the two of them can contradict.
    if (problem.type == ProblemType::contradiction && change.kind == Kind::collection)
      problem.field = "/includes";
    if (problem.type == ProblemType::contradiction && change.kind == Kind::referral)
      problem.field = "/shares";
    return tl::unexpected(std::move(problem));
  }
  if (!change.dry_run) {
    const policy::Snapshot after = records.snapshot();
    const auto json = shown(records, api::Names(after), change.kind, applied->ids.front());
    if (!json) return tl::unexpected(json.error());
    return record_answer(*json, change.kind, !change.id);
  }
  api::Json json = api::to_json(*record, names);
  if (!change.id) json.erase("id");  // it would get one
  if (const auto* deployment = std::get_if<policy::Deployment>(&*record)) {
    const Reach reach = reach_of(*deployment, site);
    json["machines"] = reach.machines;
    json["unknown"] = reach.unknown;
  }
  return json_answer(json);
}

// The number behind a name, as far as preconditions let it be used.
base::Result<std::optional<std::int64_t>, Problem> find(site::SiteRecords& records, const ApiRequest& request,
                                                        Kind kind) {
  const auto id = api::Names(records.snapshot()).find(kind, request.names.front());
  std::optional<std::int64_t> revision;
  if (id) {
    const auto read = revision_of(records, kind, *id);
    if (!read) return tl::unexpected(read.error());
    revision = *read;
  }
  if (auto stale = request.stale(revision)) return tl::unexpected(std::move(*stale));
  return id;
}

base::Result<std::int64_t, Problem> find_present(site::SiteRecords& records, const ApiRequest& request,
                                                 Kind kind) {
  const auto id = find(records, request, kind);
  if (!id) return tl::unexpected(id.error());
  if (!*id) return tl::unexpected(not_found(store::print(kind), request.names.front()));
  return **id;
}

ApiResult get(ApiContext& context, Kind kind, const ApiRequest& request) {
  return context.administration.look([&](site::SiteRecords& records) -> ApiResult {
    const api::Names names(records.snapshot());
    const auto id = names.find(kind, request.names.front());
    if (!id) return tl::unexpected(not_found(store::print(kind), request.names.front()));
    auto json = shown(records, names, kind, *id);
    if (!json) return tl::unexpected(json.error());
    add_usage(context.administration, kind, *json);
    return record_answer(*json, kind);
  });
}

ApiResult post(ApiContext& context, Kind kind, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  return context.administration.change([&](site::SiteRecords& records) {
    return put(records, request, {kind, std::nullopt, *dry}, *object);
  });
}

ApiResult replace(ApiContext& context, Kind kind, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    const auto id = find(records, request, kind);
    if (!id) return tl::unexpected(id.error());
    const api::Names names(records.snapshot());
    if (!object->contains("name"))
      (*object)["name"] = *id ? std::string(names.name(kind, **id)) : request.names.front();
    if (kind == Kind::program && *id) {  // its path is not for clients to say
      const auto present = api::record_of(names.snapshot(), kind, **id);
      (*object)["path"] = std::get<policy::Program>(*present).path;
    }
    return put(records, request, {kind, *id, *dry}, *object);
  });
}

ApiResult patch(ApiContext& context, Kind kind, const ApiRequest& request) {
  const auto dry = request.query.flag("dry_run", false);
  if (!dry) return tl::unexpected(dry.error());
  const auto changes = request.object();
  if (!changes) return tl::unexpected(changes.error());
  return context.administration.change([&](site::SiteRecords& records) -> ApiResult {
    const auto id = find_present(records, request, kind);
    if (!id) return tl::unexpected(id.error());
    auto object = shown(records, api::Names(records.snapshot()), kind, *id);
    if (!object) return tl::unexpected(object.error());
    object->merge_patch(*changes);  // RFC 7396
    return put(records, request, {kind, *id, *dry}, *object);
  });
}

ApiResult remove(ApiContext& context, Kind kind, const ApiRequest& request) {
  site::Administration& administration = context.administration;
  const auto gone = [](const base::Result<void, Problem>& removed) -> ApiResult {
    if (!removed) return tl::unexpected(removed.error());
    return ApiAnswer{204};
  };
  if (kind != Kind::image && kind != Kind::program) {
    return gone(administration.change([&](site::SiteRecords& records) -> base::Result<void, Problem> {
      const auto id = find_present(records, request, kind);
      if (!id) return tl::unexpected(id.error());
      const auto kept = keep(records, {request.call.who, "", {store::Remove{kind, *id, {}}}}, false);
      if (!kept) return tl::unexpected(kept.error());
      return {};
    }));
  }
  // Their files go with them.
  const auto id =
      administration.look([&](site::SiteRecords& records) { return find_present(records, request, kind); });
  if (!id) return tl::unexpected(id.error());
  if (const auto removed = administration.remove_with_files(kind, *id, request.call.who); !removed)
    return tl::unexpected(problem_of(removed.error()));
  return ApiAnswer{204};
}

using Handler = ApiResult (*)(ApiContext&, Kind, const ApiRequest&);

}  // namespace

void add_record_routes(ApiRoutes& routes, ApiContext& context) {
  for (const Kind kind : kinds) {
    const std::string all = fmt::format("/v1/{}", api::plural(kind)), one = all + "/{name}";
    const auto add = [&](std::string_view method, const std::string& path, ApiRole least, Handler handler,
                         std::vector<std::string_view> parameters = {}, std::size_t max_body = 0) {
      ApiRoute route{method, path, least, [&context, kind, handler](ApiRequest& request) {
                       return handler(context, kind, request);
                     }};
      route.dry_runs = !parameters.empty() && max_body > 0;
      route.parameters = std::move(parameters);
      route.max_body = max_body;
      routes.push_back(std::move(route));
    };
    std::vector<std::string_view> filters = {"limit", "after", "q"};
    if (kind == Kind::device) filters.insert(filters.end(), {"state", "collection"});
    add("GET", all, ApiRole::viewer, list_records, filters);
    add("GET", one, ApiRole::viewer, get);
    add("DELETE", one, ApiRole::administrator, remove);
    if (kind == Kind::image) continue;  // they come with their files
    if (kind != Kind::program) add("POST", all, ApiRole::administrator, post, {"dry_run"}, max_api_body);
    add("PUT", one, ApiRole::administrator, replace, {"dry_run"}, max_api_body);
    add("PATCH", one, ApiRole::administrator, patch, {"dry_run"}, max_api_body);
  }
}

}  // namespace management
