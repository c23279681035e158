// SPDX-License-Identifier: GPL-3.0-or-later
// What became of what was deployed, and beginning anew.
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "api/names.h"
#include "api/time_text.h"
#include "management/api.h"
#include "management/problem.h"
#include "site/run_logs.h"
#include "site/runs.h"

namespace management {
namespace {

using store::Kind;

// On a stopped server's records the same is done by runs that live as long as the call.
template <class Use>
auto with_runs(ApiContext& context, const Use& use) -> decltype(use(std::declval<site::Runs&>())) {
  if (context.runs != nullptr) return use(*context.runs);
  site::Administration& administration = context.administration;
  site::Runs runs([&] { return administration.site(); }, site::RunsTerms(),
                  [] { return std::time(nullptr); });
  const auto opened = runs.open(administration, [&](const site::Registrar::Work& work) {
    work(administration);
    return true;
  });
  if (!opened) return refuse(ProblemType::not_written, "{}", opened.error().what);
  auto result = use(runs);
  runs.poll();  // what is still to be written
  return result;
}

// "12.7": behind that device's run of that deployment.
std::string print_cursor(const policy::RunKey& key) {
  return fmt::format("{}.{}", key.device, key.deployment);
}
std::optional<policy::RunKey> parse_cursor(std::string_view text) {
  policy::RunKey key;
  const char* const end = text.data() + text.size();
  const auto device = std::from_chars(text.data(), end, key.device);
  if (device.ec != std::errc() || device.ptr == end || *device.ptr != '.') return std::nullopt;
  const auto deployment = std::from_chars(device.ptr + 1, end, key.deployment);
  if (deployment.ec != std::errc() || deployment.ptr != end) return std::nullopt;
  return key;
}

api::Json shown(const site::RunItem& item) {
  api::Json json = {{"device", item.device}, {"deployment", item.deployment},
                    {"image", item.image},   {"state", policy::print(item.run.state)},
                    {"held", item.run.held}, {"failures", item.run.failures}};
  const auto time = [&](const char* name, std::int64_t at) {
    if (at != 0) json[name] = api::print_time(at);
  };
  time("offered", item.run.offered);
  time("started", item.run.started);
  time("ended", item.run.ended);
  if (!item.run.message.empty()) json["message"] = item.run.message;
  if (item.percent) json["percent"] = *item.percent;
  if (!item.progress.empty()) json["progress"] = item.progress;
  return json;
}

base::Result<std::int64_t, Problem> device_called(ApiContext& context, const std::string& name) {
  const auto site = context.administration.site();
  const auto id = api::Names(site->policy).find(Kind::device, name);
  if (!id) return refuse(ProblemType::not_found, "there is no device \"{}\"", name.substr(0, 255));
  return *id;
}

ApiResult list(ApiContext& context, const ApiRequest& request) {
  store::RunQuery query;
  if (const auto device = request.query.text("device")) {
    const auto id = device_called(context, std::string(*device));
    if (!id) return tl::unexpected(id.error());
    query.device = *id;
  }
  if (const auto state = request.query.text("state")) {
    query.state = policy::parse_run_state(*state);
    if (!query.state)
      return refuse(ProblemType::invalid, "state: it must be one of offered, started, done, failed, silent");
  }
  if (const auto after = request.query.text("after")) {
    const auto key = parse_cursor(*after);
    if (!key) return refuse(ProblemType::invalid, "after: it must be what a page before gave as \"next\"");
    query.after = *key;
  }
  const auto limit = request.query.number("limit", 100, 1, 1000);
  if (!limit) return tl::unexpected(limit.error());
  query.count = static_cast<std::size_t>(*limit);
  return with_runs(context, [&](site::Runs& runs) -> ApiResult {
    const auto found = runs.list(context.administration, query);
    if (!found) return refuse(ProblemType::not_written, "{}", found.error().what);
    api::Json items = api::Json::array();
    for (const site::RunItem& item : *found) items.push_back(shown(item));
    api::Json page = {{"items", std::move(items)}};
    if (found->size() == query.count) page["next"] = print_cursor(found->back().key);
    return json_answer(page);
  });
}

ApiResult rerun(ApiContext& context, const ApiRequest& request) {
  const auto object = request.object(true);
  if (!object) return tl::unexpected(object.error());
  Members members(*object);
  const std::string name = members.text("deployment");
  const auto device = device_called(context, request.names.front());
  if (!device) return tl::unexpected(device.error());
  std::int64_t deployment = 0;
  if (!name.empty()) {
    const auto site = context.administration.site();
    const auto id = api::Names(site->policy).find(Kind::deployment, name);
    if (!id) members.complain("/deployment", fmt::format("there is no deployment \"{}\"", name));
    deployment = id.value_or(0);
  }
  if (auto problem = members.problem()) return tl::unexpected(std::move(*problem));
  return with_runs(context, [&](site::Runs& runs) -> ApiResult {
    const auto begun = runs.rerun(context.administration, *device, deployment, request.call.who);
    if (!begun) return refuse(ProblemType::not_written, "{}", begun.error().what);
    return ApiAnswer{204};
  });
}

// What the machine itself has said that it is, last.
ApiResult facts(ApiContext& context, const ApiRequest& request) {
  const auto device = device_called(context, request.names.front());
  if (!device) return tl::unexpected(device.error());
  const auto kept = site::last_facts(context.run_files, *device);
  const auto json = kept ? api::read_json(kept->json) : api::read_json("");
  if (!json)
    return refuse(ProblemType::not_found, "\"{}\" has not reported what it is", request.names.front());
  const auto site = context.administration.site();
  api::Json answer = {{"device", site->policy.device(*device)->name},
                      {"reported", api::print_time(kept->at)},
                      {"facts", *json}};
  if (const auto* deployment = site->policy.deployment(kept->deployment))
    answer["deployment"] = deployment->name;
  return json_answer(answer);
}

ApiResult resume(ApiContext& context, const ApiRequest& request) {
  const auto object = request.object(true);
  if (!object) return tl::unexpected(object.error());
  if (auto problem = Members(*object).problem()) return tl::unexpected(std::move(*problem));
  return with_runs(context, [&](site::Runs& runs) -> ApiResult {
    runs.reset_breaker(request.call.who);
    return ApiAnswer{204};
  });
}

}  // namespace

void add_run_routes(ApiRoutes& routes, ApiContext& context) {
  ApiRoute all{"GET", "/v1/runs", ApiRole::viewer,
               [&](ApiRequest& request) { return list(context, request); }};
  all.parameters = {"device", "state", "after", "limit"};
  routes.push_back(std::move(all));
  ApiRoute again{"POST", "/v1/devices/{name}/rerun", ApiRole::helpdesk,
                 [&](ApiRequest& request) { return rerun(context, request); }};
  again.max_body = max_api_body;
  routes.push_back(std::move(again));
  routes.push_back({"GET", "/v1/devices/{name}/facts", ApiRole::viewer,
                    [&](ApiRequest& request) { return facts(context, request); }});
  ApiRoute go_on{"POST", "/v1/runs/resume", ApiRole::administrator,
                 [&](ApiRequest& request) { return resume(context, request); }};
  go_on.max_body = max_api_body;
  routes.push_back(std::move(go_on));
}

}  // namespace management
